//! Help texts in both languages. The key of a text is the path of its command
//! and argument: `cli.help.indicators.explain`, `cli.arg.as-of`.

use clap::Command;
use shirube_model::lang::Lang;
use shirube_model::refusal::text;

use crate::DEFAULT_LANG;

/// The language of a call: `--lang`, then `LC_ALL`, `LC_MESSAGES`, `LANG`.
pub(crate) fn lang_of_call(args: impl Iterator<Item = String>) -> Lang {
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        let value = match arg.strip_prefix("--lang=") {
            Some(value) => Some(value.to_owned()),
            None if arg == "--lang" => args.peek().cloned(),
            None => None,
        };
        if let Some(lang) = value.as_deref().and_then(Lang::from_tag) {
            return lang;
        }
    }
    let variable = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    match variable {
        Some(value) if value.starts_with("ja") => Lang::Ja,
        _ => DEFAULT_LANG,
    }
}

/// Writes the help texts of one language into a command and all below it.
pub(crate) fn localise(command: Command, lang: Lang) -> Command {
    texts(command, lang, "cli.help")
}

fn texts(command: Command, lang: Lang, path: &str) -> Command {
    let mut command = command.about(text(lang, path));
    let names: Vec<String> = command
        .get_arguments()
        .map(|arg| arg.get_id().to_string())
        .filter(|id| id != "help" && id != "version")
        .collect();
    for name in names {
        let help = text(lang, &format!("cli.arg.{name}"));
        command = command.mut_arg(name, |arg| arg.help(help));
    }
    let below: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in below {
        let path = format!("{path}.{name}");
        command = command.mut_subcommand(name, |sub| texts(sub, lang, &path));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_and_argument_has_help_in_both_languages() {
        for lang in Lang::ALL {
            let help = all_help(&localise(crate::cli::Cli::command(), lang));
            assert!(!help.contains('['), "{help}");
        }
    }

    /// Every about and argument text, without clap's own brackets.
    fn all_help(command: &Command) -> String {
        let mut out = command.get_about().map(ToString::to_string).unwrap_or_default();
        for arg in command.get_arguments().filter(|arg| arg.get_id() != "help") {
            out.push_str(&arg.get_help().map(ToString::to_string).unwrap_or_default());
            out.push('\n');
        }
        for sub in command.get_subcommands() {
            out.push_str(&all_help(sub));
        }
        out
    }

    #[test]
    fn the_language_option_wins() {
        let args = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(lang_of_call(args(&["shirube", "--lang", "ja"]).into_iter()), Lang::Ja);
        assert_eq!(lang_of_call(args(&["shirube", "--lang=en"]).into_iter()), Lang::En);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        crate::cli::Cli::command().debug_assert();
    }
}
