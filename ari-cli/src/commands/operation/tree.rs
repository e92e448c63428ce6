//! The commands of the operations, from the table.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Args, Command, ValueHint, value_parser};

use crate::cli::Globals;
use crate::completion;
use crate::reference::{
    Form, Kind, Operation, Parameter, Place, RESOURCES, Reply, Resource, brief, since, since_beside,
};

/// The option that says where a file goes.
pub(crate) const SAVE: &str = "=save";

/// A command for each resource. Those of its operations are made when one of them is called.
pub(crate) fn resources() -> impl Iterator<Item = Command> {
    RESOURCES.iter().map(|resource| {
        Command::new(resource.command)
            .about(format!("Operations of the resource {}", resource.name))
            .aliases(alias(resource.command, resource.name))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .defer(operations)
    })
}

fn operations(command: Command) -> Command {
    let Some(resource) = Resource::find(command.get_name()) else { return command };
    let requests = resource.operations.iter().filter(|operation| operation.reply != Reply::Events);
    command.subcommands(requests.map(|operation| self::operation(resource, operation)))
}

/// The name on the wire, where it is another one.
fn alias(command: &'static str, name: &'static str) -> Option<&'static str> {
    (command != name).then_some(name)
}

fn operation(resource: &Resource, operation: &'static Operation) -> Command {
    let mut command = Command::new(operation.command)
        .about(brief(operation.text))
        .long_about(about(resource, operation))
        .aliases(alias(operation.command, operation.name))
        .override_usage(usage(resource, operation));
    let words = words(operation);
    for (index, parameter) in words.iter().enumerate() {
        command = command.arg(word(parameter, index + 1, help(resource, operation, parameter)));
    }
    for parameter in operation.parameters {
        let is_word = words.iter().any(|word| word.name == parameter.name);
        let options = options(parameter, &help(resource, operation, parameter));
        command = command.args(options.map(|option| option.hide(is_word)));
    }
    if operation.reply == Reply::File {
        command = command.arg(save());
    }
    command
}

fn about(resource: &Resource, operation: &Operation) -> String {
    let mut paragraphs = vec![operation.text.to_owned(), format!("{} {}", operation.method, operation.path)];
    paragraphs.extend(since(&operation.item(resource)));
    if !resource.modules.is_empty() {
        paragraphs.push(format!("Needs {}.", resource.modules.join(", ")));
    }
    if !operation.errors.is_empty() {
        let errors = operation.errors.iter().map(|(status, text)| format!("  {status}  {text}"));
        paragraphs.push(format!("Errors:\n{}", errors.collect::<Vec<_>>().join("\n")));
    }
    paragraphs.join("\n\n")
}

/// The parameters that are given by their place: those that a request must have. One with several values comes last,
/// and a second one is an option.
pub(crate) fn words(operation: &'static Operation) -> Vec<&'static Parameter> {
    let required = || operation.parameters.iter().filter(|parameter| parameter.required && is_word(parameter));
    let several = required().find(|parameter| takes_several(parameter));
    required().filter(|parameter| !takes_several(parameter)).chain(several).collect()
}

fn is_word(parameter: &Parameter) -> bool {
    !matches!(parameter.place, Place::Body(Form::BareFilter | Form::Json))
}

fn takes_several(parameter: &Parameter) -> bool {
    parameter.list || matches!(parameter.place, Place::Body(_))
}

fn usage(resource: &Resource, operation: &'static Operation) -> String {
    let words = words(operation).into_iter().map(|parameter| {
        let dots = if takes_several(parameter) { "..." } else { "" };
        format!(" <{}>{dots}", placeholder(parameter))
    });
    format!("ari {} {}{} [OPTIONS]", resource.command, operation.command, words.collect::<String>())
}

fn placeholder(parameter: &Parameter) -> String {
    match parameter.place {
        Place::Body(_) => "KEY=VALUE".to_owned(),
        Place::Path | Place::Query(_) => parameter.command.replace('-', "_").to_uppercase(),
    }
}

/// The argument by its place; the option of the same parameter may take its place.
fn word(parameter: &'static Parameter, index: usize, help: Help) -> Arg {
    let option = match parameter.place {
        Place::Body(_) => pairs_id(parameter),
        Place::Path | Place::Query(_) => option_id(parameter),
    };
    let arg = Arg::new(word_id(parameter))
        .index(index)
        .value_name(placeholder(parameter))
        .required_unless_present_any([option.clone(), option_id(parameter)])
        .conflicts_with(option);
    let arg = if takes_several(parameter) { arg.action(ArgAction::Append).num_args(1..) } else { arg };
    match parameter.place {
        Place::Body(_) => arg.value_parser(pair),
        Place::Path | Place::Query(_) => with_values(arg, parameter),
    }
    .help(help.short)
    .long_help(help.long)
}

fn options(parameter: &'static Parameter, help: &Help) -> impl Iterator<Item = Arg> + use<> {
    let named = || Arg::new(option_id(parameter)).long(long(parameter)).help(help.short).long_help(help.long.clone());
    let options = match parameter.place {
        Place::Path | Place::Query(_) => [Some(with_values(named(), parameter)), None],
        Place::Body(form) => {
            let json = named().value_name("JSON").value_parser(value_parser!(String));
            [Some(json), has_pairs(form).then(|| pairs(parameter, help))]
        }
    };
    options.into_iter().flatten()
}

/// One member of a body at a time.
fn pairs(parameter: &'static Parameter, help: &Help) -> Arg {
    Arg::new(pairs_id(parameter))
        .long(singular(parameter))
        .action(ArgAction::Append)
        .value_name("KEY=VALUE")
        .value_parser(pair)
        .help(format!("One of the {}; can be given several times", parameter.command))
        .long_help(format!("{}\n\nCan be given several times.", help.long))
}

fn with_values(arg: Arg, parameter: &'static Parameter) -> Arg {
    let arg = arg.value_name(placeholder(parameter)).value_hint(ValueHint::Other);
    let arg = if parameter.list { arg.action(ArgAction::Append) } else { arg };
    let arg = match parameter.id {
        Some(kind) => arg.add(completion::ids(kind)),
        None => arg,
    };
    if !parameter.values.is_empty() && !parameter.list {
        let values = parameter.values.iter().map(|(value, text)| PossibleValue::new(value).help(brief(text)));
        return arg.value_parser(values.collect::<Vec<_>>());
    }
    match parameter.place {
        Place::Query(Kind::Integer) => arg.allow_negative_numbers(true).value_parser(number(parameter, true)),
        Place::Query(Kind::Long) => arg.allow_negative_numbers(true).value_parser(number(parameter, false)),
        Place::Query(Kind::Boolean) => arg
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(["true", "false"]),
        _ => arg.value_parser(value_parser!(String)),
    }
}

/// Numbers within the declared bounds, and those of 32 bits where Asterisk keeps no more.
fn number(parameter: &Parameter, is_short: bool) -> clap::builder::RangedI64ValueParser {
    let bound = |text: Option<&str>, other| text.and_then(|text| text.parse().ok()).unwrap_or(other);
    let (lowest, highest) = if is_short { (i32::MIN.into(), i32::MAX.into()) } else { (i64::MIN, i64::MAX) };
    value_parser!(i64).range(bound(parameter.range.0, lowest)..=bound(parameter.range.1, highest))
}

fn pair(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() => Ok(text.to_owned()),
        _ => Err("it must have the form KEY=VALUE".to_owned()),
    }
}

fn save() -> Arg {
    Arg::new(SAVE)
        .long("save")
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .value_parser(value_parser!(PathBuf))
        .help("The file to write; standard output if it is omitted")
}

/// What is said of a parameter.
struct Help {
    short: &'static str,
    long: String,
}

fn help(resource: &Resource, operation: &Operation, parameter: &'static Parameter) -> Help {
    let mut long = parameter.text.to_owned();
    let mut say = |text: String| {
        long.push(if long.is_empty() { '\n' } else { ' ' });
        long.push_str(&text);
    };
    match parameter.range {
        (Some(from), Some(to)) => say(format!("From {from} to {to}.")),
        (Some(from), None) => say(format!("{from} or more.")),
        (None, Some(to)) => say(format!("Up to {to}.")),
        (None, None) => {}
    }
    if let Some(default) = parameter.default {
        say(format!("The server assumes {default}."));
    }
    if parameter.list {
        say("Several values are separated by commas, or the option is repeated.".to_owned());
    }
    if matches!(parameter.place, Place::Body(_)) {
        say("JSON, or @FILE, or @- for standard input.".to_owned());
    }
    if let Some(since) = since_beside(&parameter.item(resource, operation), &operation.item(resource)) {
        say(since);
    }
    Help { short: brief(parameter.text), long }
}

/// The name of the option, out of the way of those that every command has.
fn long(parameter: &'static Parameter) -> String {
    let globals = Globals::augment_args(Command::new("ari"));
    let is_taken = globals.get_arguments().any(|arg| arg.get_long() == Some(parameter.command));
    if is_taken { format!("{}-value", parameter.command) } else { parameter.command.to_owned() }
}

fn has_pairs(form: Form) -> bool {
    matches!(form, Form::Variables | Form::BareVariables | Form::Members | Form::Tuples([_, _]))
}

/// `variable` of `variables`.
fn singular(parameter: &'static Parameter) -> String {
    match parameter.command.strip_suffix('s') {
        Some(singular) => singular.to_owned(),
        None => format!("{}-member", parameter.command),
    }
}

/// The id of the argument by its place. No global option has such a name, nor the options of other parameters.
pub(super) fn word_id(parameter: &Parameter) -> String {
    format!("{}@", parameter.name)
}

pub(super) fn option_id(parameter: &Parameter) -> String {
    format!("--{}", parameter.name)
}

pub(super) fn pairs_id(parameter: &Parameter) -> String {
    format!("--{}=", parameter.name)
}
