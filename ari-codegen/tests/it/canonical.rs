//! The canonical form: the facts of the declarations in one order and layout.

use ari_codegen::swagger::{read_listing, read_resource};
use ari_codegen::{Source, canonical};

use crate::golden;
use crate::support::{files, source, supported};

/// As Asterisk writes it: tabs, prose, keys in any order, `false` spelt out, slips.
const RAW: &str = r#"{
	"_copyright": "prose", "_author": "prose", "_svn_revision": "prose",
	"basePath": "http://localhost:8088/ari",
	"resourcePath": "/api-docs/lamps.{format}",
	"apiVersion": "2.0.0", "swaggerVersion": "1.1",
	"requiresModules": ["res_lamps"],
	"since": ["20.0.0", "21.1.0"],
	"models": {
		"Lamp": {
			"description": "prose",
			"properties": {
				"on": {"description": "prose", "required": true, "type": "boolean"},
				"color": {"required": false, "type": "string", "allowableValues": {"values": ["red", "gr\u00fcn"], "valueType": "LIST"}}
			},
			"discriminator": "kind",
			"subTypes": ["Torch"],
			"id": "Lamp"
		},
		"Torch": {"id": "Torch", "extends": "Lamp", "properties": {}}
	},
	"apis": [{
		"description": "prose",
		"operations": [{
			"errorResponses": [{"reason": "prose", "code": "404"}, {"code": 409, "reason": "prose"}],
			"notes": "prose", "summary": "prose",
			"parameters": [
				{"name": "lampId", "description": "prose", "paramType": "path", "allowMultiple": false, "dataType": "string"},
				{"name": "level", "descriptioni": "prose", "__note": "prose", "paramType": "query", "required": false,
				 "allowMultiple": false, "dataType": "int", "defalutValue": 5, "allowableValues": {"valueType": "RANGE", "max": 9, "min": 0}},
				{"name": "names", "paramType": "query", "required": true, "allowMultiple": true, "dataType": "string", "defaultValue": ""}
			],
			"nickname": "set", "httpMethod": "PUT", "responseClass": "Lamp"
		}, {
			"websocketProtocol": "ari", "upgrade": "websocket", "since": [], "errorResponses": [],
			"nickname": "watch", "httpMethod": "GET", "responseClass": "Torch",
			"parameters": []
		}],
		"path": "/lamps/{lampId}"
	}]
}"#;

const CANONICAL: &str = r#"{
  "swaggerVersion": "1.1",
  "apiVersion": "2.0.0",
  "resourcePath": "/api-docs/lamps.{format}",
  "since": ["20.0.0", "21.1.0"],
  "requiresModules": ["res_lamps"],
  "apis": [
    {
      "path": "/lamps/{lampId}",
      "operations": [
        {
          "httpMethod": "PUT",
          "nickname": "set",
          "responseClass": "Lamp",
          "parameters": [
            { "name": "lampId", "paramType": "path", "dataType": "string", "required": true },
            {
              "name": "level",
              "paramType": "query",
              "dataType": "int",
              "defaultValue": 5,
              "allowableValues": { "valueType": "RANGE", "min": 0, "max": 9 }
            },
            {
              "name": "names",
              "paramType": "query",
              "dataType": "string",
              "required": true,
              "allowMultiple": true,
              "defaultValue": ""
            }
          ],
          "errorResponses": [{ "code": 404 }, { "code": 409 }]
        },
        {
          "httpMethod": "GET",
          "nickname": "watch",
          "responseClass": "Torch",
          "upgrade": "websocket",
          "websocketProtocol": "ari"
        }
      ]
    }
  ],
  "models": {
    "Lamp": {
      "id": "Lamp",
      "subTypes": ["Torch"],
      "discriminator": "kind",
      "properties": {
        "on": { "type": "boolean", "required": true },
        "color": { "type": "string", "allowableValues": { "valueType": "LIST", "values": ["red", "grün"] } }
      }
    },
    "Torch": { "id": "Torch", "properties": {} }
  }
}
"#;

fn named(text: impl Into<String>) -> Source {
    Source { file: "lamps.json".to_owned(), text: text.into() }
}

fn canonical(source: &Source) -> String {
    canonical::resource_text(&read_resource(source).unwrap_or_else(|diagnostics| panic!("{diagnostics}")))
}

#[test]
fn a_file_as_asterisk_ships_it_becomes_the_canonical_text() {
    assert_eq!(canonical(&named(RAW)), CANONICAL);
}

#[test]
fn the_canonical_text_is_its_own_canonical_text() {
    assert_eq!(canonical(&named(CANONICAL)), CANONICAL);
}

#[test]
fn a_listing_becomes_canonical() {
    let raw = r#"{"apis": [{"description": "prose", "path": "/api-docs/lamps.{format}"}], "_copyright": "prose",
        "basePath": "http://localhost:8088/ari", "apiVersion": "10.0.0", "swaggerVersion": "1.1"}"#;
    let canonical = r#"{
  "swaggerVersion": "1.1",
  "apiVersion": "10.0.0",
  "apis": [{ "path": "/api-docs/lamps.{format}" }]
}
"#;
    for text in [raw, canonical] {
        let listing = read_listing(&named(text)).unwrap();
        assert_eq!(canonical::listing_text(&listing), canonical);
        assert_eq!(listing.resources[0].name(), "lamps");
    }
}

#[test]
fn the_declarations_at_hand_are_canonical() {
    for release in supported() {
        for (_, file) in &release.resources {
            assert_eq!(canonical(file), file.text, "{}", file.file);
        }
    }
}

#[test]
fn the_golden_inputs_are_canonical_but_for_the_oddities() {
    for case in golden::cases().into_iter().filter(|case| case != "oddities") {
        for (name, path) in files(&golden::folder().join(&case).join("in")) {
            let file = source(&path);
            let text = if name.ends_with("resources.json") {
                canonical::listing_text(&read_listing(&file).unwrap())
            } else {
                canonical(&file)
            };
            assert_eq!(text, file.text, "{case}/in/{name}");
        }
    }
}

/// The reader gives the same facts for the raw and the canonical text; only their places differ.
#[test]
fn the_facts_are_unchanged() {
    let raw = golden::folder().join("oddities/in/12.0.0/recordings.json");
    let once = read_resource(&source(&raw)).unwrap();
    let twice = read_resource(&named(canonical::resource_text(&once))).unwrap();
    let (operation, again) = (&once.apis[0].operations[0], &twice.apis[0].operations[0]);
    assert_eq!(operation.nickname, again.nickname);
    assert_eq!(operation.parameters[1].default_value, again.parameters[1].default_value);
    assert_eq!(operation.parameters[1].allowable_values, again.parameters[1].allowable_values);
    let codes = |operation: &ari_codegen::swagger::Operation| -> Vec<u16> {
        operation.error_responses.iter().map(|error| error.code).collect()
    };
    assert_eq!(codes(operation), [404, 409]);
    assert_eq!(codes(again), [404, 409]);
    let properties = |resource: &ari_codegen::swagger::Resource| -> Vec<(String, String, bool)> {
        let properties = resource.models.iter().flat_map(|model| &model.properties);
        let facts = properties
            .map(|property| (property.name.clone(), property.r#type.clone(), property.required == Some(true)));
        facts.collect()
    };
    assert_eq!(properties(&once), properties(&twice));
    let live = &properties(&once)[1..];
    let expected = [("format", "string", true), ("state", "string", true), ("cause", "string", false)];
    assert_eq!(live, expected.map(|(name, ty, required)| (name.to_owned(), ty.to_owned(), required)));
}
