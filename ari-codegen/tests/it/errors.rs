//! Errors name what is wrong and where. Each message is compared as a whole.

use ari_codegen::api::BodyForm;
use ari_codegen::fixups::{Fix, Fixup, Primitive, Releases};
use ari_codegen::swagger::read_listing;
use ari_codegen::{Record, Release, ReleaseSource, Source, generate};

const RELEASE: Release = Release { major: 22, minor: 0, patch: 0 };

fn source(file: &str, text: &str) -> Source {
    Source { file: format!("{file}.json"), text: text.to_owned() }
}

/// The diagnostics of generating from one release with these files, one a line.
fn diagnostics(files: &[(&str, &str)]) -> String {
    problems_with(files, &[])
}

fn problems_with(files: &[(&str, &str)], table: &[Fixup]) -> String {
    let resources = files.iter().map(|(name, text)| ((*name).to_owned(), source(name, text))).collect();
    match generate(&[ReleaseSource { release: RELEASE, resources }], table, &Record::default()) {
        Ok(_) => "no diagnostic".to_owned(),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

/// A resource file: `apis` from line 3 on, `models` after a line of its own.
fn file(apis: &str, models: &str) -> String {
    format!(
        "{{\n\"swaggerVersion\": \"1.1\", \"apiVersion\": \"1.0.0\", \"resourcePath\": \"/api-docs/a.{{format}}\",\n\
         \"apis\": [{apis}],\n\"models\": {{{models}}}\n}}\n"
    )
}

/// An operation `GET /a` with these parameters.
fn operation(parameters: &str) -> String {
    format!(
        "{{\"path\": \"/a\", \"operations\": [\n\
         {{\"httpMethod\": \"GET\", \"nickname\": \"get\", \"responseClass\": \"void\", \"parameters\": [\n\
         {parameters}\n]}}]}}"
    )
}

/// A model `A` with these properties, from line 5 on.
fn model(properties: &str) -> String {
    format!(
        r#""A": {{"id": "A", "properties": {{
{properties}
}}}}"#
    )
}

/// One file's diagnostics.
fn of(apis: &str, models: &str) -> String {
    diagnostics(&[("a", &file(apis, models))])
}

#[test]
fn text_that_is_not_json() {
    assert_eq!(diagnostics(&[("a", "")]), "a.json:1:1: $: the file is empty: expected a JSON object");
    assert_eq!(
        diagnostics(&[("a", "\u{feff}{}")]),
        "a.json:1:1: $: the file begins with a byte order mark (U+FEFF), which JSON does not allow: remove it"
    );
    assert_eq!(
        diagnostics(&[(
            "a",
            r#"{
  "apis": [
    tru
  ]
}"#
        )]),
        "a.json:3:5: $: not JSON: Unexpected word"
    );
    assert_eq!(
        diagnostics(&[(
            "a",
            r#"{
  "apis": [1,],
}"#
        )]),
        "a.json:2:13: $: not JSON: Trailing commas are not allowed"
    );
    assert_eq!(
        diagnostics(&[(
            "a",
            r"{
  // why
}"
        )]),
        "a.json:2:3: $: not JSON: Comments are not allowed"
    );
    assert_eq!(
        diagnostics(&[("a", r#"{"ä": "€", 'b': 1}"#)]),
        "a.json:1:12: $: not JSON: Single-quoted strings are not allowed"
    );
    // A lone carriage return is no end of a line, to an editor or to the faults of other passes.
    assert_eq!(
        diagnostics(&[("a", "{\"a\": \r'b'}")]),
        "a.json:1:8: $: not JSON: Single-quoted strings are not allowed"
    );
}

#[test]
fn text_that_only_looks_like_json() {
    assert_eq!(
        diagnostics(&[("a", "{\n  \"a\tb\": 1\n}")]),
        "a.json:2:5: $: not JSON: control character (\\u0000-\\u001F) found while parsing a string"
    );
    assert_eq!(diagnostics(&[("a", "{\"a\": 1e999}")]), "a.json:1:11: $: not JSON: number out of range");
}

#[test]
fn values_of_the_wrong_type() {
    assert_eq!(diagnostics(&[("a", "[]")]), "a.json:1:1: $: a resource file must be an object, found an array");
    assert_eq!(
        diagnostics(&[(
            "a",
            r#"{"swaggerVersion": 1.1, "apiVersion": null,
"resourcePath": true, "apis": {}, "models": [], "since": "12"}"#
        )]),
        r"a.json:1:2: $.swaggerVersion: expected a string, found a number
a.json:1:25: $.apiVersion: expected a string, found null
a.json:2:1: $.resourcePath: expected a string, found a boolean
a.json:2:23: $.apis: expected an array, found an object
a.json:2:35: $.models: expected an object, found an array
a.json:2:49: $.since: expected an array, found a string"
    );
    assert_eq!(
        of("1", "\"A\": 2"),
        r"a.json:3:10: $.apis[0]: an api must be an object, found a number
a.json:4:12: $.models.A: a model must be an object, found a number"
    );
    assert_eq!(
        of("", &model(r#""a": {"type": "string", "required": "yes"}"#)),
        "a.json:5:25: $.models.A.properties.a.required: expected a boolean, found a string"
    );
    assert_eq!(
        of(
            &operation(
                r#"{"name": 1, "paramType": "query", "dataType": "string", "allowMultiple": 0, "defaultValue": [],
"allowableValues": {"valueType": "LIST", "values": [1, "b"]}},
{"name": "b", "paramType": "query", "dataType": "int", "allowableValues": {"valueType": "RANGE", "min": "0"}}"#
            ),
            ""
        ),
        r"a.json:5:2: $.apis[0].operations[0].parameters[0].name: expected a string, found a number
a.json:5:57: $.apis[0].operations[0].parameters[0].allowMultiple: expected a boolean, found a number
a.json:5:77: $.apis[0].operations[0].parameters[0].defaultValue: expected a boolean, a number or a string, found an array
a.json:6:53: $.apis[0].operations[0].parameters[0].allowableValues.values[0]: expected a string, found a number
a.json:7:98: $.apis[0].operations[0].parameters[1].allowableValues.min: expected a number, found a string"
    );
    let error = r#"{"path": "/a", "operations": [{"httpMethod": "GET", "nickname": "get", "responseClass": "void",
"errorResponses": [{"code": 42}, {"code": "x"}, {"code": []}, {"reason": "prose"}]}]}"#;
    assert_eq!(
        of(error, ""),
        r"a.json:4:21: $.apis[0].operations[0].errorResponses[0].code: expected an HTTP status from 100 to 599, found a number
a.json:4:35: $.apis[0].operations[0].errorResponses[1].code: expected an HTTP status from 100 to 599, found a string
a.json:4:50: $.apis[0].operations[0].errorResponses[2].code: expected an HTTP status from 100 to 599, found an array
a.json:4:63: $.apis[0].operations[0].errorResponses[3]: an error response lacks `code`"
    );
}

#[test]
fn missing_keys_are_errors() {
    assert_eq!(
        diagnostics(&[("a", "{}")]),
        r"a.json:1:1: $: a resource file lacks `swaggerVersion`
a.json:1:1: $: a resource file lacks `apiVersion`
a.json:1:1: $: a resource file lacks `resourcePath`
a.json:1:1: $: a resource file lacks `apis`"
    );
    assert_eq!(
        of(r#"{"path": "/a"}, {"operations": [{}]}"#, r#""A": {}, "B": {"id": "B", "properties": {"b": {}}}"#),
        r"a.json:3:10: $.apis[0]: an api lacks `operations`
a.json:3:26: $.apis[1]: an api lacks `path`
a.json:3:42: $.apis[1].operations[0]: an operation lacks `httpMethod`
a.json:3:42: $.apis[1].operations[0]: an operation lacks `nickname`
a.json:3:42: $.apis[1].operations[0]: an operation lacks `responseClass`
a.json:4:12: $.models.A: a model lacks `id`
a.json:4:12: $.models.A: a model lacks `properties`
a.json:4:53: $.models.B.properties.b: a property lacks `type`"
    );
    assert_eq!(
        of(&operation("{}"), ""),
        r"a.json:5:1: $.apis[0].operations[0].parameters[0]: a parameter lacks `name`
a.json:5:1: $.apis[0].operations[0].parameters[0]: a parameter lacks `paramType`
a.json:5:1: $.apis[0].operations[0].parameters[0]: a parameter lacks `dataType`"
    );
}

#[test]
fn unknown_and_duplicate_keys() {
    assert_eq!(
        of("", &model(r#""a": {"type": "string", "format": "date"}"#)),
        "a.json:5:25: $.models.A.properties.a.format: unknown key `format` in a property: known are type, required, allowableValues; teach `ari-codegen/src/swagger/read.rs` what it means"
    );
    assert_eq!(
        of(
            "",
            &model(
                r#""a": {"type": "string"},
"a": {"type": "int"}"#
            )
        ),
        "a.json:6:1: $.models.A.properties.a: duplicate key `a`: first on line 5"
    );
    assert_eq!(
        of(&operation(r#"{"name": "a", "name": "b", "paramType": "query", "dataType": "string", "style": 1}"#), ""),
        r"a.json:5:15: $.apis[0].operations[0].parameters[0].name: duplicate key `name`: first on line 5
a.json:5:72: $.apis[0].operations[0].parameters[0].style: unknown key `style` in a parameter: known are name, paramType, dataType, required, allowMultiple, defaultValue, defalutValue, allowableValues; teach `ari-codegen/src/swagger/read.rs` what it means"
    );
    assert_eq!(
        diagnostics(&[("a", &file("", "").replacen("\"apis\"", r#""produces": [], "apis""#, 1))]),
        "a.json:3:1: $.produces: unknown key `produces` in a resource file: known are swaggerVersion, apiVersion, resourcePath, since, requiresModules, apis, models; teach `ari-codegen/src/swagger/read.rs` what it means"
    );
    let listing = read_listing(&source(
        "resources",
        r#"{"apiVersion": "1", "swaggerVersion": "1.1", "apis": [{"path": "/x", "rank": 1}, {}, 3], "host": ""}"#,
    ));
    assert_eq!(
        listing.unwrap_err().to_string(),
        r"resources.json:1:70: $.apis[0].rank: unknown key `rank` in a listed resource: known are path; teach `ari-codegen/src/swagger/read.rs` what it means
resources.json:1:82: $.apis[1]: a listed resource lacks `path`
resources.json:1:86: $.apis[2]: a listed resource must be an object, found a number
resources.json:1:90: $.host: unknown key `host` in the resource listing: known are apiVersion, swaggerVersion, apis; teach `ari-codegen/src/swagger/read.rs` what it means"
    );
}

#[test]
fn words_that_the_dialect_does_not_have() {
    let trace =
        r#"{"path": "/a", "operations": [{"httpMethod": "TRACE", "nickname": "get", "responseClass": "void"}]}"#;
    assert_eq!(
        of(trace, ""),
        "a.json:3:40: $.apis[0].operations[0]: unknown httpMethod `TRACE`: known are GET, POST, PUT, PATCH, DELETE"
    );
    assert_eq!(
        of(&operation(r#"{"name": "a", "paramType": "header", "dataType": "string"}"#), ""),
        "a.json:5:1: $.apis[0].operations[0].parameters[0]: unknown paramType `header`: known are path, query, body"
    );
    assert_eq!(
        of("", &model(r#""a": {"type": "string", "allowableValues": {"valueType": "SET", "values": []}}"#)),
        "a.json:5:25: $.models.A.properties.a.allowableValues: unknown valueType `SET`: known are LIST and RANGE"
    );
    assert_eq!(
        of("", &model(r#""a": {"type": "Map[string]"}, "b": {"type": "List[]"}"#)),
        r"a.json:5:1: $.models.A.properties.a: `Map[string]` is not a type: expected string, int, long, double, boolean, Date, object, containers, a model's name, or List[…] of one
a.json:5:31: $.models.A.properties.b: `` is not a type: expected string, int, long, double, boolean, Date, object, containers, a model's name, or List[…] of one"
    );
}

#[test]
fn models_that_are_not_defined_or_defined_twice() {
    let unknown =
        r#"{"path": "/a", "operations": [{"httpMethod": "GET", "nickname": "get", "responseClass": "List[B]"}]}"#;
    assert_eq!(
        of(unknown, &model(r#""a": {"type": "C"}"#)),
        r"a.json:5:1: $.models.A.properties.a: model `C` is not defined in any resource file
a.json:3:40: $.apis[0].operations[0]: model `B` is not defined in any resource file"
    );
    assert_eq!(
        of(&operation(r#"{"name": "a", "paramType": "query", "dataType": "integer"}"#), ""),
        "a.json:5:1: $.apis[0].operations[0].parameters[0]: model `integer` is not defined in any resource file"
    );
    assert_eq!(
        of("", r#""A": {"id": "A", "properties": {}, "subTypes": ["B"]}"#),
        "a.json:4:12: $.models.A: sub-type `B` of `A` is not defined"
    );
    assert_eq!(
        of("", r#""A": {"id": "B", "properties": {}}"#),
        "a.json:4:12: $.models.A: model `A` has the id `B`: expected both to be the same"
    );
    let once = file("", &model(""));
    assert_eq!(
        diagnostics(&[("a", &once), ("b", &once)]),
        "b.json:4:12: $.models.A: model `A` is declared twice: first in a.json:4:12: $.models.A"
    );
}

#[test]
fn inheritance_that_is_no_tree() {
    let two = r#""A": {"id": "A", "properties": {}, "subTypes": ["C"]},
"B": {"id": "B", "properties": {}, "subTypes": ["C"]},
"C": {"id": "C", "properties": {}}"#;
    assert_eq!(of("", two), "a.json:5:1: $.models.B: `C` is a sub-type of both `A` and `B`");
    let round = r#""A": {"id": "A", "properties": {}, "subTypes": ["B"], "discriminator": "type"},
"B": {"id": "B", "properties": {}, "subTypes": ["A"]}"#;
    assert_eq!(
        of("", round),
        r"a.json:4:12: $.models.A: `A` inherits from itself, directly or not
a.json:5:1: $.models.B: `B` inherits from itself, directly or not"
    );
    let roots = r#""A": {"id": "A", "properties": {}, "discriminator": "type"},
"B": {"id": "B", "properties": {}, "discriminator": "type"}"#;
    assert_eq!(
        of("", roots),
        "a.json:5:1: $.models.B: `B` has a discriminator as `A` has: expected one tree of events"
    );
    let kind = r#""A": {"id": "A", "properties": {}, "discriminator": "kind"}"#;
    assert_eq!(of("", kind), "a.json:4:12: $.models.A: the discriminator is `kind`: the runtime reads `type`");
}

#[test]
fn paths_and_their_parameters() {
    let path = r#"{"path": "/a/{aId}", "operations": [
{"httpMethod": "GET", "nickname": "get", "responseClass": "void", "parameters": [{"name": "bId", "paramType": "path", "dataType": "string"}]}]}"#;
    assert_eq!(
        of(path, ""),
        r"a.json:4:1: $.apis[0].operations[0]: path `/a/{aId}` has `{aId}`, which no path parameter of the operation declares
a.json:4:1: $.apis[0].operations[0]: path parameter `bId` does not occur in the path `/a/{aId}`"
    );
    let twice = r#"{"name": "a", "paramType": "query", "dataType": "string"},
{"name": "a", "paramType": "body", "dataType": "object"}"#;
    assert_eq!(
        of(&operation(twice), ""),
        "a.json:6:1: $.apis[0].operations[0].parameters[1]: parameter `a` is declared twice"
    );
}

#[test]
fn operations_declared_twice() {
    let get = |path: &str, nickname: &str| {
        format!(
            r#"{{"path": "{path}", "operations": [{{"httpMethod": "GET", "nickname": "{nickname}", "responseClass": "void"}}]}}"#
        )
    };
    assert_eq!(
        of(&format!("{},\n{}", get("/a", "get"), get("/b", "get")), ""),
        "a.json:4:31: $.apis[1].operations[0]: nickname `get` is declared twice: first in a.json:3:40: $.apis[0].operations[0]"
    );
    assert_eq!(
        of(&format!("{},\n{}", get("/a", "get"), get("/a", "list")), ""),
        "a.json:4:31: $.apis[1].operations[0]: operation `GET /a` is declared twice: first in a.json:3:40: $.apis[0].operations[0]"
    );
    let same = file(&get("/a", "get"), "");
    assert_eq!(diagnostics(&[("a", &same), ("a", &same)]), "a.json:1:1: $: resource `a` is given twice");
}

#[test]
fn fixups_that_do_not_apply() {
    const fn fixup(fixes: &'static [Fix]) -> Fixup {
        Fixup { name: "a fault", evidence: "this test", releases: Releases::since(&[(22, 0, 0)]), fixes }
    }
    let values =
        r#""a": {"type": "string", "allowableValues": {"valueType": "LIST", "values": ["x"]}}, "b": {"type": "int"}"#;
    let text = file(&operation(r#"{"name": "q", "paramType": "query", "dataType": "string"}"#), &model(values));
    let table = [fixup(&[
        Fix::AddValues("A.a", &["y", "x"]),
        Fix::AddValues("A.b", &["y"]),
        Fix::AddValues("A.c", &["y"]),
        Fix::AddValues("a.get.c", &["y"]),
        Fix::AddValues("a", &["y"]),
        Fix::AddProperty("A.b", Primitive::Date),
        Fix::AddProperty("B.b", Primitive::Date),
        Fix::AddProperty("A", Primitive::Date),
        Fix::SetType("A.b", Primitive::Integer),
        Fix::SetBody("a.get.q", BodyForm::Members),
        Fix::SetTuples("a.get.q", "B"),
        Fix::SetReference("b.get.q", "aId"),
        Fix::SetOptional("A.b"),
        Fix::SetOptional("a.get.q"),
        Fix::SetRequired("A.b"),
    ])];
    assert_eq!(
        problems_with(&[("a", &text)], &table),
        r#"fixup "a fault" does not apply to Asterisk 22.0.0: `A.a` lists `x` itself; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A.b` lists no values; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: there is no `A.c`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: there is no `a.get.c`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `a` is neither `Model.property` nor `resource.nickname.parameter`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A.b` is declared; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: there is no model `B`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A` is not `Model.property`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A.b` is declared as int itself; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `a.get.q` is not a body parameter; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: there is no model `B`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: there is no `b.get.q`; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A.b` is declared as optional itself; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `a.get.q` is not a property; bound its releases in `ari-codegen/src/fixups/table.rs`
fixup "a fault" does not apply to Asterisk 22.0.0: `A.b` is not a parameter; bound its releases in `ari-codegen/src/fixups/table.rs`"#
    );
    let other = [Fixup { releases: Releases::since(&[(22, 0, 1)]), ..table[0] }];
    assert_eq!(problems_with(&[("a", &text)], &other), "no diagnostic");
}

#[test]
fn no_release_and_one_twice() {
    assert_eq!(generate(&[], &[], &Record::default()).unwrap_err().to_string(), "no release to generate from");
    let release = ReleaseSource { release: RELEASE, resources: Vec::new() };
    assert_eq!(
        generate(&[release.clone(), release], &[], &Record::default()).unwrap_err().to_string(),
        "release 22.0.0 is given twice"
    );
}

#[test]
fn all_faults_of_all_files_come_together_and_in_order() {
    let good = file("", "");
    let bad = |ty: &str| file("", &model(&format!(r#""a": {{"type": {ty}, "x": 1}}"#)));
    let release = |minor, resources: &[(&str, &str)]| ReleaseSource {
        release: Release { minor, ..RELEASE },
        resources: resources
            .iter()
            .map(|(name, text)| ((*name).to_owned(), source(&format!("22.{minor}.0/{name}"), text)))
            .collect(),
    };
    let sources = [
        release(1, &[("b", &bad("1")), ("a", "{"), ("c", &good)]),
        release(0, &[("b", &good), ("a", &bad("null"))]),
        release(2, &[("a", &file("", &model(r#""a": {"type": "B"}"#)))]),
    ];
    assert_eq!(
        generate(&sources, &[], &Record::default()).unwrap_err().to_string(),
        r"22.1.0/b.json:5:7: $.models.A.properties.a.type: expected a string, found a number
22.1.0/b.json:5:18: $.models.A.properties.a.x: unknown key `x` in a property: known are type, required, allowableValues; teach `ari-codegen/src/swagger/read.rs` what it means
22.1.0/a.json:1:1: $: not JSON: Unterminated object
22.0.0/a.json:5:7: $.models.A.properties.a.type: expected a string, found null
22.0.0/a.json:5:21: $.models.A.properties.a.x: unknown key `x` in a property: known are type, required, allowableValues; teach `ari-codegen/src/swagger/read.rs` what it means
22.2.0/a.json:5:1: $.models.A.properties.a: model `B` is not defined in any resource file"
    );
}
