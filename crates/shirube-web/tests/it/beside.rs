//! Real and made-up evidence side by side, and what the strategy prints.

use crate::fixture::{Site, attributes};

#[test]
fn each_store_shows_its_own_value_and_the_others_and_says_which_is_which() {
    let (demo, live) = Site::side_by_side();
    // The first goal has official statistics; the first series has no record.
    let (own, other) = (demo.get("/en/indicators/OG-1"), live.get("/en/indicators/OG-1"));
    for page in [&own, &other] {
        let table = page.text.split("id=\"beside\"").nth(1).unwrap();
        let table = table.split("</table>").next().unwrap();
        assert!(table.contains("Demo (made up)") && table.contains("Real evidence"), "{table}");
        // From 2022 on there is no later year yet; from 2010 on there is.
        assert!(table.contains("years if read as: 2010"), "{table}");
    }
    assert_eq!(own.header("shirube-evidence"), "demo");
    assert_eq!(other.header("shirube-evidence"), "live");
    let there = "http://127.0.0.1:2/en/indicators/OG-1";
    assert!(attributes(&own.text, "href").any(|href| href == there));
    assert!(attributes(&other.text, "href").any(|href| href.starts_with("http://127.0.0.1:1/")));
    let real = live.get("/api/v1/indicators/OG-1").json();
    assert_eq!(real["evidence"], "live");
    let series = demo.get("/ja/indicators/OI-01");
    let table = series.text.split("id=\"beside\"").nth(1).unwrap();
    assert!(table.split("</table>").next().unwrap().contains("記録なし"));
    // Nothing of one store is in the answers of the other.
    let ids = |site: &Site| {
        let found = site.get("/api/v1/kinds/strategy_statement/records?limit=200").json();
        let ids = found["records"].as_array().unwrap().iter().map(|r| r["id"].to_string());
        ids.collect::<std::collections::BTreeSet<String>>()
    };
    assert!(!ids(&live).is_empty() && ids(&live).is_disjoint(&ids(&demo)));
    assert_eq!(live.get("/api/v1/kinds/project/records").json()["total"], 0);
    for address in ["/ja/", "/en/?view=table"] {
        let page = demo.get(address);
        let word = if address.starts_with("/ja") { "実データ" } else { "Real evidence" };
        assert!(page.text.contains(word), "{address}");
    }
}

#[test]
fn without_another_store_nothing_stands_beside() {
    let page = Site::demo().get("/en/indicators/OG-1");
    assert!(!page.text.contains("id=\"beside\"") && !page.text.contains("Real evidence"));
}

#[test]
fn what_the_strategy_prints_is_context_with_its_place_and_record() {
    let (demo, live) = Site::side_by_side();
    let statement = live.get("/api/v1/kinds/strategy_statement/records?limit=200").json();
    let records = statement["records"].as_array().unwrap();
    let with = |record: &&serde_json::Value| {
        record["body"]["context_for"].as_array().is_some_and(|ids| !ids.is_empty())
    };
    let record = records.iter().find(with).unwrap();
    let indicator = record["body"]["context_for"][0].as_str().unwrap();
    let said = record["body"]["statement"]["ja"].as_str().unwrap();
    for site in [&demo, &live] {
        let page = site.get(&format!("/ja/indicators/{indicator}"));
        assert!(page.text.contains(said), "{indicator}");
        assert!(page.text.contains("戦略に記載された数値"));
        let id = record["id"].as_str().unwrap();
        assert!(attributes(&page.text, "href").any(|href| href.ends_with(id)), "{id}");
    }
    // A link to a record of this store leads somewhere.
    let page = live.get(&format!("/ja/indicators/{indicator}"));
    let id = record["id"].as_str().unwrap();
    let href = attributes(&page.text, "href").find(|href| href.ends_with(id)).unwrap();
    assert_eq!(live.get(&href).status, 200, "{href}");
}
