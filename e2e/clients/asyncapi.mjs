// Parses AsyncAPI documents and fails on warnings.

import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const WARNING = 1;
let faults = 0;
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
  const serious = diagnostics.filter((diagnostic) => diagnostic.severity <= WARNING);
  for (const { path, message } of serious) {
    console.error(`${file}: ${path.join(".")}: ${message}`);
  }
  faults += serious.length + (document ? 0 : 1);
}
process.exit(faults === 0 ? 0 : 1);
