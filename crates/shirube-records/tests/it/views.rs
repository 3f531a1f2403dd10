//! Own cases of views and paths.

use serde_json::{Value as Json, json};

use crate::base::run;

fn observation() -> Json {
    json!({
        "resourceType": "Observation", "id": "o1", "status": "final",
        "subject": {"reference": "Patient/p1/_history/3"},
        "encounter": {"reference": "urn:uuid:aa-bb"},
        "performer": [{"reference": "https://example.org/fhir/Practitioner/d9"}, {"display": "x"}],
        "code": {"coding": [
            {"system": "urn:oid:1", "code": "A\"1"},
            {"system": "http://loinc.org", "code": "8302-2"}
        ], "text": "身長\n"},
        "effectiveDateTime": "2024-02-29T09:30:00+09:00",
        "issued": "2024-03",
        "valueQuantity": {"value": 1.51, "unit": "m"},
        "extension": [
            {"url": "urn:a", "valueString": "x"},
            {"url": "urn:b", "extension": [{"url": "urn:c", "valueCode": "y"}]}
        ],
        "component": [
            {"valueInteger": 3, "code": {"text": "a"}},
            {"valueInteger": 5, "code": {"text": "b"}, "component": [{"valueInteger": 7}]}
        ]
    })
}

/// The list of values of one path over the observation.
fn path(path: &str, fhir_type: &str) -> Result<Json, String> {
    let view = json!({
        "resource": "Observation",
        "constant": [
            {"name": "loinc", "valueUri": "http://loinc.org"},
            {"name": "day", "valueDate": "2024-02-28"}
        ],
        "select": [{"column": [
            {"name": "v", "path": path, "type": fhir_type, "collection": true}
        ]}]
    });
    run(&view, &[observation()]).map(|rows| rows[0]["v"].clone())
}

#[test]
fn paths_give_what_the_specification_says() {
    let cases = [
        ("id", json!(["o1"])),
        ("Observation.id", json!(["o1"])),
        ("code.coding.code", json!(["A\"1", "8302-2"])),
        ("code.text", json!(["身長\n"])),
        ("code.coding.where(system = %loinc).code", json!(["8302-2"])),
        ("code.coding[1].code", json!(["8302-2"])),
        ("code.coding.last().code", json!(["8302-2"])),
        ("code.coding.tail().code", json!(["8302-2"])),
        ("code.coding.skip(0).take(1).code", json!(["A\"1"])),
        ("code.coding.count()", json!([2])),
        ("nothing.here", json!([])),
        ("nothing.exists()", json!([false])),
        ("code.coding.exists(code = 'x')", json!([false])),
        ("code.coding.all(code.exists())", json!([true])),
        ("value.ofType(Quantity).value", json!([1.51])),
        ("value.unit", json!(["m"])),
        ("value.ofType(string)", json!([])),
        ("(value as Quantity).unit", json!(["m"])),
        ("value.ofType(Quantity).value.lowBoundary()", json!([1.505])),
        ("value.ofType(Quantity).value.highBoundary()", json!([1.515])),
        ("effective.ofType(dateTime).lowBoundary()", json!(["2024-02-29T09:30:00.000+09:00"])),
        ("issued.lowBoundary()", json!(["2024-03-01"])),
        ("issued.highBoundary()", json!(["2024-03-31"])),
        ("effective > %day", json!([true])),
        ("effective < @2024-02-29T00:29:00Z", json!([false])),
        ("effective = @2024-02-29T00:30:00Z", json!([true])),
        ("issued = @2024-03-01", json!([])),
        ("issued > @2024-02-28", json!([true])),
        ("subject.getReferenceKey()", json!(["p1"])),
        ("subject.getReferenceKey(Patient)", json!(["p1"])),
        ("subject.getReferenceKey(Group)", json!([])),
        ("encounter.getReferenceKey(Encounter)", json!(["aa-bb"])),
        ("performer.getReferenceKey(Practitioner)", json!(["d9"])),
        ("extension('urn:a').value.ofType(string)", json!(["x"])),
        ("extension('urn:b').extension('urn:c').value", json!(["y"])),
        ("repeat(component).value", json!([3, 5, 7])),
        ("component.select(value.ofType(integer) * 2)", json!([6, 10])),
        ("(1 | 2 | 1).count()", json!([2])),
        ("2 in (1 | 2)", json!([true])),
        ("iif(status = 'final', 'F', 'N')", json!(["F"])),
        ("iif(status = 'none', 'F')", json!([])),
        ("1 + 2 * 3 - -4", json!([11])),
        ("7 div 2", json!([3])),
        ("7 mod 4", json!([3])),
        ("1 / 0", json!([])),
        ("5 / 2", json!([2.5])),
        ("'a' & nothing & 'b'", json!(["ab"])),
        ("'a' + 'b'", json!(["ab"])),
        ("'abc'.substring(1, 1)", json!(["b"])),
        ("'abc'.startsWith('ab') and 'abc'.endsWith('bc') and 'abc'.contains('b')", json!([true])),
        ("'abc'.length()", json!([3])),
        ("'a-b'.replace('-', '+').upper()", json!(["A+B"])),
        ("'12'.toInteger() + 1", json!([13])),
        ("true and nothing", json!([])),
        ("false and nothing", json!([false])),
        ("true or nothing", json!([true])),
        ("false implies nothing", json!([true])),
        ("true xor true", json!([false])),
        ("nothing.not()", json!([])),
        ("(status = 'final').not()", json!([false])),
        ("{} = 1", json!([])),
        ("status != 'final' or 1 < 2 and 2 >= 2", json!([true])),
        ("'Final' ~ status", json!([true])),
        ("`code`.coding.code.join('|')", json!(["A\"1|8302-2"])),
        ("'it\\'s \\u00e9'", json!(["it's é"])),
        ("%resource.id", json!(["o1"])),
        ("component.where($this.value > 3).code.text", json!(["b"])),
        ("'T'.exists() and @T10:30 < @T10:31", json!([true])),
        ("status is string", json!([true])),
        ("status is boolean", json!([false])),
    ];
    for (text, expected) in cases {
        assert_eq!(path(text, "string"), Ok(expected), "{text}");
    }
    assert_eq!(
        path("issued.lowBoundary()", "dateTime"),
        Ok(json!(["2024-03-01T00:00:00.000+14:00"]))
    );
    assert_eq!(
        path("issued.highBoundary()", "dateTime"),
        Ok(json!(["2024-03-31T23:59:59.999-12:00"]))
    );
    assert_eq!(path("@T12:34.highBoundary()", "time"), Ok(json!(["12:34:59.999"])));
}

#[test]
fn wrong_paths_are_refused_with_their_code() {
    let long = "a".repeat(4001);
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    let minus = "-".repeat(3000) + "1";
    let chain = "a.".repeat(1500) + "a";
    let cases = [
        ("", "records.path.syntax"),
        ("a..b", "records.path.syntax"),
        ("a.", "records.path.syntax"),
        ("a b", "records.path.syntax"),
        ("(a", "records.path.syntax"),
        ("'open", "records.path.syntax"),
        ("a # b", "records.path.syntax"),
        ("%unknown", "records.path.constant"),
        ("$total", "records.path.unknown"),
        ("@2024-13-01", "records.path.unknown"),
        ("@2023-02-29", "records.path.unknown"),
        ("a.matches('x')", "records.path.function"),
        ("a.first(1)", "records.path.function"),
        ("a[b]", "records.path.index"),
        ("a.ofType(1)", "records.path.type"),
        ("a.extension(b)", "records.path.text"),
        ("code.coding.where(code)", "records.path.not-boolean"),
        ("status = 'final' and code.coding.code", "records.path.many"),
        ("code.coding.code < 'x'", "records.path.many"),
        ("code = code", "records.path.not-primitive"),
        ("code", "records.view.not-primitive"),
        ("code.coding.join()", "records.path.not-text"),
        ("code.coding.single()", "records.path.single"),
        ("repeat($this)", "records.path.repeat"),
        ("status.substring('a')", "records.path.index"),
        (&long, "records.path.long"),
        (&deep, "records.path.deep"),
        (&minus, "records.path.deep"),
        (&chain, "records.path.deep"),
    ];
    for (text, code) in cases {
        assert_eq!(path(text, "string"), Err(code.to_owned()), "{text:.60}");
    }
}

#[test]
fn wrong_views_are_refused_with_their_code() {
    let column = json!([{"name": "a", "path": "id"}]);
    let cases = [
        (json!({}), "records.view.missing"),
        (json!({"resource": "Patient"}), "records.view.missing"),
        (json!({"resource": "Patient", "select": {}}), "records.view.not-list"),
        (json!({"resource": "Patient", "select": [1]}), "records.view.not-object"),
        (
            json!({"resource": "Patient", "select": [{"column": [{"name": "a"}]}]}),
            "records.view.missing",
        ),
        (
            json!({"resource": "Patient", "select": [{"column": [{"name": "1a", "path": "id"}]}]}),
            "records.view.column-name",
        ),
        (
            json!({"resource": "Patient", "select": [{"column": column}, {"column": column}]}),
            "records.view.column-repeated",
        ),
        (
            json!({"resource": "Patient", "select": [{"forEach": "a", "forEachOrNull": "a", "column": column}]}),
            "records.view.each-twice",
        ),
        (
            json!({"resource": "Patient", "select": [{"forEach": 1, "column": column}]}),
            "records.view.not-text",
        ),
        (
            json!({"resource": "Patient", "constant": [{"name": "c"}], "select": [{"column": column}]}),
            "records.view.constant",
        ),
        (
            json!({"resource": "Patient", "constant": [{"name": "c", "valueDate": "soon"}], "select": [{"column": column}]}),
            "records.view.constant",
        ),
        (
            json!({"resource": "Patient", "select": [{"column": [{"name": "a", "path": "id", "collection": 1}]}]}),
            "records.view.not-boolean",
        ),
        (
            json!({"resource": "Patient", "select": [{"unionAll": [{"column": column}, {"column": []}]}]}),
            "records.view.union",
        ),
    ];
    for (view, code) in cases {
        assert_eq!(run(&view, &[]), Err(code.to_owned()), "{view}");
    }
}

#[test]
fn lists_within_lists_and_repetition_give_their_rows() {
    let questionnaire = json!({
        "resourceType": "QuestionnaireResponse", "id": "q",
        "item": [
            {"linkId": "1", "item": [{"linkId": "1.1", "answer": [{"item": [{"linkId": "1.1.1"}]}]}]},
            {"linkId": "2"}
        ]
    });
    let view = json!({
        "resource": "QuestionnaireResponse",
        "select": [
            {"column": [{"name": "id", "path": "getResourceKey()"}]},
            {"repeat": ["item", "answer.item"], "column": [
                {"name": "link", "path": "linkId"},
                {"name": "row", "path": "%rowIndex", "type": "integer"}
            ]}
        ]
    });
    let rows = run(&view, std::slice::from_ref(&questionnaire)).unwrap();
    let links: Vec<_> =
        rows.iter().map(|r| (r["link"].as_str().unwrap(), r["row"].as_i64().unwrap())).collect();
    assert_eq!(links, [("1", 0), ("1.1", 1), ("1.1.1", 2), ("2", 3)]);

    let endless = json!({
        "resource": "QuestionnaireResponse",
        "select": [{"repeat": ["$this"], "column": [{"name": "a", "path": "linkId"}]}]
    });
    assert_eq!(run(&endless, &[questionnaire]), Err("records.path.repeat".to_owned()));
}

#[test]
fn a_product_of_lists_stays_bounded() {
    let many: Vec<Json> = (0..300).map(|n| json!({"v": n})).collect();
    let resource = json!({"resourceType": "Patient", "a": many});
    let each = |name: &str| json!({"forEach": "a", "column": [{"name": name, "path": "v"}]});
    let view = json!({"resource": "Patient", "select": [each("x"), each("y"), each("z")]});
    assert_eq!(run(&view, &[resource]), Err("records.view.many-rows".to_owned()));
}
