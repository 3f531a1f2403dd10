use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::StatusCode;

use crate::fixture::{Answer, Site, attributes};

/// Pages of one shape that are followed; more say nothing new.
const SAME_SHAPE_MAX: usize = 6;

/// An address with ids and values left out.
fn shape(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let kept = ["ja", "en", "indicators", "plan", "measures", "registers", "records", "pack"];
    let path: Vec<&str> = path
        .split('/')
        .map(|part| {
            let plain = part.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
            if plain || kept.contains(&part) { part } else { "*" }
        })
        .collect();
    let names: BTreeSet<&str> =
        query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", path.join("/"), names.into_iter().collect::<Vec<_>>().join("&"))
}

fn targets(answer: &Answer) -> Vec<String> {
    let page = &answer.text;
    attributes(page, "href")
        .chain(attributes(page, "src"))
        .map(|link| link.split('#').next().unwrap().to_owned())
        .filter(|link| link.starts_with('/'))
        .collect()
}

fn anchors_exist(address: &str, page: &str) {
    for link in attributes(page, "href").filter(|link| link.starts_with('#')) {
        let id = link.trim_start_matches('#');
        assert!(page.contains(&format!("id=\"{id}\"")), "{address}: nothing at #{id}");
    }
}

fn crawl(site: &Site, starts: &[&str], every_link_of_start: bool) -> usize {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    let mut queue: VecDeque<(String, usize)> =
        starts.iter().map(|start| ((*start).to_owned(), 0)).collect();
    while let Some((address, depth)) = queue.pop_front() {
        if !seen.insert(address.clone()) {
            continue;
        }
        let of_shape = shapes.entry(shape(&address)).or_default();
        *of_shape += 1;
        if *of_shape > SAME_SHAPE_MAX && !(every_link_of_start && depth <= 1) {
            continue;
        }
        let answer = site.get(&address);
        let fine = answer.status == StatusCode::OK
            || (answer.status == StatusCode::SEE_OTHER && address.ends_with("/edit"));
        assert!(fine, "{address}: {} {}", answer.status, answer.text);
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        assert!(!answer.text.contains("[web."), "{address}: a text is missing");
        anchors_exist(&address, &answer.text);
        queue.extend(targets(&answer).into_iter().map(|link| (link, depth + 1)));
    }
    seen.len()
}

#[test]
fn every_link_of_the_dashboard_and_what_lies_behind_leads_somewhere() {
    let found = crawl(Site::demo(), &["/ja/", "/en/"], true);
    assert!(found > 300, "only {found} addresses were found");
}

#[test]
fn a_store_without_records_has_no_dead_link_either() {
    let found = crawl(&Site::live(None), &["/ja/", "/en/"], false);
    assert!(found > 100, "only {found} addresses were found");
}

#[test]
fn every_page_route_answers() {
    // Each address of the list reaches a handler: with a method it does not
    // take it says so, instead of saying that there is no such page.
    let site = Site::demo();
    for (_, route) in shirube_web::router::PAGES {
        let address = route
            .replace("{lang}", "en")
            .replace("{name}", "OI-01")
            .replace("{kind}", "contract")
            .replace("{*name}", "css/site.css")
            .replace("{id}", "x");
        let request = axum::http::Request::builder().method("PATCH").uri(&address);
        let answer = site.send(request.body(axum::body::Body::empty()).unwrap());
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{address}");
        assert!(answer.text.contains("<html"), "{address}");
    }
}
