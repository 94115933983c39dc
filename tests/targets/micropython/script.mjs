// Runs scripts under MicroPython (WebAssembly, in node): node script.mjs FOLDER SCRIPT...
// The files of FOLDER (.py and .mpy) are copied in, the scripts are among them.  Here garbage is
// collected between scripts only, for the stack of WebAssembly cannot be searched.

import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [folder, ...scripts] = process.argv.slice(2);
const python = await loadMicroPython({
  heapsize: 8 * 1024 * 1024,
  stdout: (line) => console.log(line),
  stderr: (line) => console.error(line),
  linebuffer: true,
});
fs.readdirSync(folder).forEach((name) => python.FS.writeFile(`/${name}`, fs.readFileSync(path.join(folder, name))));
try {
  python.runPython(`import sys; sys.path[:] = ["/"]`);
  scripts.forEach((name) => python.runPython(fs.readFileSync(path.join(folder, name), "utf8")));
} catch (error) {
  console.error(String(error.message).slice(0, 5000));
  process.exitCode = 1;
}
