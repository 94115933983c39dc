// Runs a script under Pyodide (CPython as WebAssembly, in node): node script.mjs FOLDER SCRIPT
// The files of FOLDER are copied in, SCRIPT is one of them.

import fs from "node:fs";
import path from "node:path";
import { loadPyodide } from "pyodide";

const [folder, script] = process.argv.slice(2);
const python = await loadPyodide({ stdout: (line) => console.log(line), stderr: (line) => console.error(line) });
python.FS.mkdir("/exported");
fs.readdirSync(folder).forEach((name) =>
  python.FS.writeFile(`/exported/${name}`, fs.readFileSync(path.join(folder, name))),
);
try {
  python.runPython(`import sys\nsys.path.insert(0, "/exported")`);
  python.runPython(fs.readFileSync(path.join(folder, script), "utf8"));
} catch (error) {
  console.error(String(error.message).slice(0, 5000));
  process.exitCode = 1;
}
