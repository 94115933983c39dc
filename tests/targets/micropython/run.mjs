// Runs the core's tests under MicroPython (WebAssembly, in node): the same test functions that
// pytest runs.  The core is what package.json lists for mip.  Exit status 0: all passed.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const checkout = path.resolve(here, "../../..");
const core = JSON.parse(fs.readFileSync(path.join(checkout, "package.json"))).urls.map(([name]) => name);
const names =
  "text rows matrix activations layers windows convolution pooling batch_norm prelu pad slice upsample " +
  "merge shape network wires trace gradients architecture quantize safetensors";
const tests = names.split(" ").map((name) => `test_${name}`);

const python = await loadMicroPython({
  heapsize: 32 * 1024 * 1024,
  stdout: (line) => console.log(line),
  stderr: (line) => console.error(line),
  linebuffer: true,
});

function copy(source, target) {
  const folders = target.split("/").slice(1, -1);
  folders.forEach((_, depth) => {
    const folder = "/" + folders.slice(0, depth + 1).join("/");
    if (!python.FS.analyzePath(folder).exists) python.FS.mkdir(folder);
  });
  python.FS.writeFile(target, fs.readFileSync(source));
}

core.forEach((name) => copy(path.join(checkout, name), `/lib/${name}`));
[...tests, "drawn", "duals"].forEach((name) => copy(path.join(checkout, `tests/${name}.py`), `/tests/${name}.py`));
fs.readdirSync(path.join(checkout, "tests/fixtures"))
  .filter((name) => name.includes("safetensors"))
  .forEach((name) => copy(path.join(checkout, "tests/fixtures", name), `/tests/fixtures/${name}`));
fs.readdirSync(here, { recursive: true })
  .filter((name) => name.endsWith(".py"))
  .forEach((name) => copy(path.join(here, name), `/standins/${name}`));

const examples = process.env.CI === "true" ? 40 : 12; // of each property

// MicroPython collects garbage between two calls from here, never within one: so each test is a call.
try {
  python.runPython(`
import sys
sys.path[:] = ["/standins", "/tests", "/lib", ""]
print("MicroPython %d.%d.%d" % sys.implementation[1][:3])
import hypothesis, runner
hypothesis.EXAMPLES = ${examples}
`);
  for (const module of tests) {
    python.runPython(`names = runner.names_of("${module}")`);
    for (const name of python.globals.get("names").split(" ")) {
      python.runPython(`runner.run("${module}", "${name}")`);
    }
  }
  python.runPython(`failures = runner.finish()`);
  process.exitCode = python.globals.get("failures") === 0 ? 0 : 1;
} catch (error) {
  console.error(String(error.message).slice(0, 5000));
  process.exitCode = 1;
}
