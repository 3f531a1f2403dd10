//! Every route of the web application with the area that says who it is for.

use std::sync::LazyLock;

use shirube_model::refusal::Refusal;

use crate::authority::{Action, Resource};

/// Who a route is for. What a request may do beyond reaching its handler is
/// decided there, about the record or account concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Reading, for everybody.
    Public,
    /// The way in: everybody may also send.
    Entrance,
    /// Tools that keep nothing: everybody may also send.
    Tool,
    /// One's own account.
    Own,
    /// Changing records.
    Records,
    /// Asking data sets of health records, and what was asked before.
    Health,
    /// Accounts of others.
    Administration,
    /// Who signed in, who changed what.
    Audit,
}

impl Area {
    /// All areas.
    pub const ALL: [Self; 8] = [
        Self::Public,
        Self::Entrance,
        Self::Tool,
        Self::Own,
        Self::Records,
        Self::Health,
        Self::Administration,
        Self::Audit,
    ];

    /// The code policies use.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Entrance => "entrance",
            Self::Tool => "tool",
            Self::Own => "own",
            Self::Records => "records",
            Self::Health => "health",
            Self::Administration => "administration",
            Self::Audit => "audit",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|area| area.code() == code)
    }
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// HTTP method in capitals.
    pub method: String,
    /// Path as the router writes it.
    pub path: String,
    /// Who it is for.
    pub area: Area,
}

impl Route {
    /// What is asked when the route is called.
    #[must_use]
    pub fn action(&self) -> Action<'static> {
        if self.method == "GET" { Action::View } else { Action::Send }
    }

    /// The route as something to decide about.
    #[must_use]
    pub fn resource(&self) -> Resource {
        Resource::Route { line: format!("{} {}", self.method, self.path), area: self.area }
    }
}

const TABLE: &str = include_str!("../../routes.csv");

/// Every route, in the order of `routes.csv`.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| read(TABLE).unwrap_or_default());

fn read(table: &str) -> Result<Vec<Route>, Refusal> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let bad = |row: usize| Refusal::new("access.authority.route").row(row as u64 + 1);
    reader
        .records()
        .enumerate()
        .map(|(row, line)| {
            let line = line.map_err(|_| bad(row))?;
            let [Some(method), Some(path), Some(area)] = [0, 1, 2].map(|at| line.get(at)) else {
                return Err(bad(row));
            };
            let area = Area::from_code(area).ok_or_else(|| bad(row))?;
            Ok(Route { method: method.to_owned(), path: path.to_owned(), area })
        })
        .collect()
}

/// The route of a method and a path as the router matched it; none for a route
/// nobody entered in the table, which is then refused. `HEAD` is `GET`.
#[must_use]
pub fn route(method: &str, path: &str) -> Option<&'static Route> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole_and_names_each_route_once() {
        let lines = TABLE.lines().count() - 1;
        let routes = read(TABLE).unwrap();
        assert_eq!(routes.len(), lines);
        let names: std::collections::BTreeSet<_> =
            routes.iter().map(|route| (&route.method, &route.path)).collect();
        assert_eq!(names.len(), lines);
        for route in &routes {
            assert!(["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&route.method.as_str()));
            assert!(route.path.starts_with('/'), "{}", route.path);
        }
    }

    #[test]
    fn a_table_with_a_fault_is_refused_whole() {
        for table in [
            "method,path,area\nGET,/x,everyone",
            "method,path,area\nGET,/x",
            "method,path,area\nGET",
        ] {
            assert_eq!(read(table).unwrap_err().code, "access.authority.route", "{table}");
        }
    }

    #[test]
    fn an_unknown_route_has_no_area() {
        assert!(route("GET", "/{lang}/").is_some() && route("HEAD", "/{lang}/").is_some());
        assert_eq!(route("DELETE", "/{lang}/"), None);
        assert_eq!(route("GET", "/nowhere"), None);
    }
}
