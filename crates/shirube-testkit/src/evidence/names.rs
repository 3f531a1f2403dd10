//! Invented names and identifiers. Every name says that it is a demonstration,
//! and identifiers lie in ranges that nobody is given.

use shirube_model::ident::corporate_number_check_digit;

use crate::rng::Rng;

/// A name in Japanese and English.
pub(crate) type Both = (String, String);

const WORDS: [(&str, &str); 16] = [
    ("あおば", "Aoba"),
    ("いずみ", "Izumi"),
    ("うぐいす", "Uguisu"),
    ("かえで", "Kaede"),
    ("けやき", "Keyaki"),
    ("こもれび", "Komorebi"),
    ("さざなみ", "Sazanami"),
    ("しらかば", "Shirakaba"),
    ("すずかけ", "Suzukake"),
    ("せせらぎ", "Seseragi"),
    ("たちばな", "Tachibana"),
    ("つむぎ", "Tsumugi"),
    ("なぎさ", "Nagisa"),
    ("はるかぜ", "Harukaze"),
    ("ほたる", "Hotaru"),
    ("みどり", "Midori"),
];

/// How an organisation of a type calls itself.
const BODIES: [(&str, &str, &str); 14] = [
    ("university", "大学", "University"),
    ("hospital", "病院", "Hospital"),
    ("national_centre", "医療研究センター", "Medical Centre"),
    ("research_institute", "研究所", "Research Institute"),
    ("pharma", "製薬", "Pharma"),
    ("device_firm", "メディカル", "Devices"),
    ("startup", "バイオ", "Biotech"),
    ("cdmo", "バイオ製造", "Biomanufacturing"),
    ("cro", "臨床開発", "Clinical Research"),
    ("healthcare_firm", "ヘルスケア", "Healthcare"),
    ("other_firm", "商事", "Trading"),
    ("venture_capital", "キャピタル", "Capital"),
    ("certified_operator", "医療情報機構", "Medical Data Organisation"),
    ("insurer", "健康保険組合", "Health Insurance Society"),
];

/// The name of an organisation: 実証あおば製薬 12 / Demo Aoba Pharma 12.
pub(crate) fn organisation(kind: &str, number: u64) -> Both {
    let index = usize::try_from(number % WORDS.len() as u64).unwrap_or(0);
    let (word_ja, word_en) = WORDS.get(index).copied().unwrap_or(("例", "Example"));
    let (_, body_ja, body_en) =
        BODIES.iter().find(|(code, _, _)| *code == kind).copied().unwrap_or(("", "機構", "Agency"));
    (format!("実証{word_ja}{body_ja}{number}"), format!("Demo {word_en} {body_en} {number}"))
}

/// A corporate number with a right check digit. Its twelve digits begin with
/// 99, which no registry office uses.
pub(crate) fn corporate_number(number: u64) -> String {
    let twelve = format!("99{:010}", number % 10_000_000_000);
    let mut digits = [0u8; 12];
    for (slot, byte) in digits.iter_mut().zip(twelve.bytes()) {
        *slot = byte - b'0';
    }
    format!("{}{twelve}", corporate_number_check_digit(&digits))
}

/// A DOI under 10.5555, the prefix kept for examples.
pub(crate) fn doi(number: u64) -> String {
    format!("10.5555/shirube-demo.{number:08}")
}

/// A jRCT number in a series that is not given out.
pub(crate) fn jrct(specified: bool, number: u64) -> String {
    if specified {
        format!("jRCTs99{:07}", number % 10_000_000)
    } else {
        format!("jRCT99{:08}", number % 100_000_000)
    }
}

/// The number of an initial notification of a year.
pub(crate) fn notification(year: i32, number: u64) -> String {
    format!("{year:04}-{:04}", number % 10_000)
}

pub(crate) const DISEASES: [(&str, &str, &str); 9] = [
    ("cancer", "がん", "cancer"),
    ("intractable_rare", "難病", "rare disease"),
    ("infectious", "感染症", "infectious disease"),
    ("lifestyle", "生活習慣病", "lifestyle disease"),
    ("cardiovascular", "循環器病", "cardiovascular disease"),
    ("neuro_psychiatric", "精神・神経疾患", "neurological disease"),
    ("geriatric_dementia", "認知症", "dementia"),
    ("child_development", "小児疾患", "childhood disease"),
    ("oral_health", "口腔疾患", "oral disease"),
];

pub(crate) const MODALITIES: [(&str, &str, &str); 10] = [
    ("small_molecule", "低分子", "small molecules"),
    ("antibody", "抗体", "antibodies"),
    ("nucleic_acid", "核酸", "nucleic acids"),
    ("mrna_vaccine", "ｍＲＮＡワクチン", "mRNA vaccines"),
    ("cell_therapy", "細胞治療", "cell therapy"),
    ("gene_therapy", "遺伝子治療", "gene therapy"),
    ("radiopharmaceutical", "放射性医薬品", "radiopharmaceuticals"),
    ("samd", "プログラム医療機器", "software"),
    ("therapeutic_device", "治療機器", "therapeutic devices"),
    ("in_vitro_diagnostic", "体外診断", "in vitro diagnosis"),
];

/// A disease: code, Japanese, English.
pub(crate) fn disease(rng: &mut Rng) -> (&'static str, &'static str, &'static str) {
    rng.one(&DISEASES).copied().unwrap_or(("not_specific", "疾患", "disease"))
}

/// A modality: code, Japanese, English.
pub(crate) fn modality(rng: &mut Rng) -> (&'static str, &'static str, &'static str) {
    rng.one(&MODALITIES).copied().unwrap_or(("other", "技術", "technology"))
}

/// Code of a prefecture, 01 to 47.
pub(crate) fn prefecture(rng: &mut Rng) -> String {
    // Half of all bodies sit in five prefectures.
    let number = match rng.below(10) {
        0..3 => 13,
        3 => 27,
        4 => *rng.one(&[14i64, 23, 40]).unwrap_or(&14),
        _ => rng.between(1, 47),
    };
    format!("{number:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::ident::IdScheme;

    #[test]
    fn identifiers_pass_their_checks() {
        for number in [0, 7, 123_456, 9_999_999] {
            assert_eq!(IdScheme::CorporateNumber.check(&corporate_number(number)), Ok(()));
            assert_eq!(IdScheme::Doi.check(&doi(number)), Ok(()));
            assert_eq!(IdScheme::Jrct.check(&jrct(true, number)), Ok(()));
            assert_eq!(IdScheme::Jrct.check(&jrct(false, number)), Ok(()));
            assert_eq!(IdScheme::Ctn.check(&notification(2026, number)), Ok(()));
        }
    }

    #[test]
    fn names_say_that_they_are_made_up() {
        for (kind, _, _) in BODIES {
            let (ja, en) = organisation(kind, 17);
            assert!(ja.starts_with("実証") && en.starts_with("Demo "), "{ja} {en}");
        }
    }
}
