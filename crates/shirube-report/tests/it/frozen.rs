//! Values as they are frozen at the approval.

use proptest::prelude::*;
use rust_decimal::Decimal;
use shirube_model::registers::follow_up::values_digest;
use shirube_report::{Evidence, Role, freeze, read_frozen};

use crate::sample::value;

#[test]
fn frozen_values_read_back_whole() {
    let values = [
        value("OI-22", Role::Output, Some("1.50")),
        value("OG-1", Role::Goal, Some("0.3333333333333333333333333333")),
        value("OI-23", Role::Output, None),
    ];
    let lines = freeze(&values).unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| !line.contains('\n') && line.contains("\"demo\"")));
    assert_eq!(read_frozen(&lines).unwrap(), values);
    assert!(lines[0].contains("\"1.50\""), "zeros at the end are kept: {}", lines[0]);
}

#[test]
fn what_was_changed_does_not_pass_for_what_was_approved() {
    let mut real = value("OI-22", Role::Output, Some("1"));
    real.evidence = Evidence::Live;
    let lines = freeze(&[real]).unwrap();
    let before = values_digest(&lines);
    let changed = vec![lines[0].replace("\"value\":\"1\"", "\"value\":\"2\"")];
    assert_ne!(changed, lines);
    assert_ne!(values_digest(&changed), before);
    for bad in ["", "{}", "[]", "{\"indicator\":1}"] {
        let refusal = read_frozen(&[lines[0].clone(), bad.to_owned()]).unwrap_err();
        assert_eq!((refusal.code, refusal.place.line), ("report.value.unreadable", Some(2)));
    }
    let more = vec![lines[0].replacen('{', "{\"extra\":1,", 1)];
    assert!(read_frozen(&more).is_err(), "nothing unknown is passed over");
}

proptest! {
    #[test]
    fn every_number_survives(mantissa: i64, scale in 0_u32..=28) {
        let number = Decimal::new(mantissa, scale);
        let mut one = value("OI-22", Role::Output, None);
        one.value = Some(number);
        let back = read_frozen(&freeze(&[one]).unwrap()).unwrap();
        let back = back[0].value.unwrap();
        prop_assert_eq!((back, back.scale()), (number, number.scale()));
    }
}
