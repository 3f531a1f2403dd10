//! The parsers under attack, one function each.

use shirube_model::calendar::{era_date, parse_date};
use shirube_model::filter::Filter;

use super::Target;

/// Every target, in the order `cargo xtask fuzz` runs them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "dates",
        run: dates,
        dictionary: &[
            "令和", "平成", "昭和", "元", "年", "月", "日", "R", "H", "０", "-", "/", ".",
        ],
        len_max: 256,
    },
    Target {
        name: "filters",
        run: filters,
        dictionary: &[
            "AND",
            "OR",
            "NOT",
            "IN (",
            "BETWEEN",
            "IS NULL",
            "IS NOT NULL",
            "has(sites, 'x')",
            "count(sites)",
            "fiscal_year(started_on)",
            "DATE '2025-04-01'",
            "phase",
            "state",
            "(",
            ")",
            "'",
            "--",
            "/*",
            "::",
            "CASE WHEN",
            "SELECT",
            "=",
            "<>",
            "<=",
        ],
        len_max: 4_096,
    },
    Target {
        name: "gate_csv",
        run: shirube_gate::read::fuzz_csv,
        dictionary: &["総計", "都道府県", "‐", "－", "*", "…", "１２", "\"", ",", "\r\n"],
        len_max: 16_384,
    },
    Target {
        name: "gate_layout",
        run: shirube_gate::read::fuzz_layout,
        dictionary: &["[[layout]]", "[layout.", "= [", "\"", "=", "\n", "true"],
        len_max: 16_384,
    },
    Target {
        name: "gate_xlsx",
        run: shirube_gate::read::fuzz_xlsx,
        dictionary: &["<row r=\"", "<c r=\"A1\"", "<v>", "<f>", "<mergeCell ref=\"A1:B2\"/>", "PK"],
        len_max: 16_384,
    },
    Target {
        name: "pack",
        run: pack,
        dictionary: &[
            "[spec]",
            "[[question]]",
            "kind = \"annual\"",
            "filter = \"",
            "\"\"\"",
            "id,ja,en",
            "\n",
            "\r\n",
            ";",
            "\u{feff}",
            "code",
            "valid_from",
            "2025-04-01",
        ],
        len_max: 16_384,
    },
    Target {
        name: "import_csv",
        run: shirube_exchange::fuzz_csv,
        dictionary: CELLS,
        len_max: 8_192,
    },
    Target {
        name: "import_ndjson",
        run: shirube_exchange::fuzz_ndjson,
        dictionary: CELLS,
        len_max: 8_192,
    },
    Target {
        name: "import_mapping",
        run: shirube_exchange::fuzz_mapping,
        dictionary: &[
            "[columns]",
            "kind = \"contract\"",
            "source = \"",
            "key = ",
            "column = ",
            "codes = {",
            "split = \";\"",
            "date = \"era\"",
            "default = ",
            "title",
            "title.ja",
            "projects",
        ],
        len_max: 8_192,
    },
    Target {
        name: "omop_csv",
        run: shirube_records::fuzz_omop_csv,
        dictionary: &[
            "person_id",
            "measurement_id",
            "value_as_number",
            "cost_domain_id",
            "2020-02-29",
            "20200229",
            "2020-01-01T00:00:00+09:00",
            "1e400",
            "NaN",
            "9223372036854775808",
            "-0.0",
            "\"",
            "\"\"",
            ",",
            "\r\n",
            "\u{feff}",
        ],
        len_max: 16_384,
    },
    Target {
        name: "omop_parquet",
        run: shirube_records::fuzz_omop_parquet,
        dictionary: &["PAR1", "person_id", "\u{15}\u{2}", "\0\0\0\0", "ARROW:schema"],
        len_max: 16_384,
    },
    Target {
        name: "fhir",
        run: shirube_records::fuzz_fhir,
        dictionary: &[
            "{\"resourceType\":\"Patient\"",
            "\"entry\":[",
            "\"resource\":{",
            "\"id\":",
            "\"birthDate\":\"1970-02-29\"",
            "\"subject\":{\"reference\":\"urn:uuid:x\"}",
            "\\ud83d\\ude00",
            "\\ud83d",
            "1e999",
            "-0.00",
            "[[[[",
            "}}",
            "null",
            "\n",
        ],
        len_max: 16_384,
    },
    Target {
        name: "views",
        run: shirube_records::fuzz_view,
        dictionary: &[
            "\"forEach\":",
            "\"unionAll\":[",
            "\"repeat\":[\"contact\"]",
            "where(",
            "exists()",
            "first()",
            "ofType(Quantity)",
            "getReferenceKey(Patient)",
            "lowBoundary()",
            "highBoundary()",
            "iif(",
            "%resource",
            "%rowIndex",
            "$this",
            "@2020-02-29T10:00:00Z",
            " | ",
            " & ",
            " and ",
            "<=",
            "99999999999999999999999",
            "'\\u00e9'",
        ],
        len_max: 4_096,
    },
];

/// What cells of import files are made of.
const CELLS: &[&str] = &[
    "source_key",
    "title",
    "title.ja",
    "contract_type",
    "effective_on",
    "projects",
    "action",
    "duplicate_of",
    "2025-04-01",
    "令和7年4月1日",
    "１２",
    "\"",
    "\"\"",
    ",",
    ";",
    "\r\n",
    "\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "true",
    "\\",
    "=",
    "+",
    "@",
    "\t",
    "\u{feff}",
    "\0",
];

/// A filter that is read says the same when its own words are read again.
fn filters(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for kind in ["trial", "contract", "observation"] {
        let Some(schema) = shirube_model::registers::kind(kind) else { continue };
        if let Ok(filter) = Filter::parse(schema, &text) {
            let again = Filter::parse(schema, &filter.to_string());
            assert_eq!(again.as_ref().map(ToString::to_string), Ok(filter.to_string()), "{text:?}");
        }
    }
}

/// Every reader of pack files takes any bytes. The first line names the file.
fn pack(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (name, _) = text.split_once('\n').unwrap_or((&text, ""));
    let start = (name.len() + 1).min(input.len());
    shirube_pack::fuzz_pack_file(name, input.get(start..).unwrap_or_default());
}

/// A day that is read can be written with its era and read again.
fn dates(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(day) = parse_date(&text)
        && day
            >= shirube_model::calendar::ERAS.iter().map(|era| era.first_day()).min().unwrap_or(day)
    {
        assert_eq!(parse_date(&era_date(day)), Ok(day), "{text:?} does not read back");
    }
}
