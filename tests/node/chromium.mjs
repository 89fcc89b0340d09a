// Unpacks the Chromium of the npm package into .tools, where it stays as long as the checkout, and prints its folder.
// Its own name and version name the folder: another version is another folder, and a broken-off unpacking is none.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@sparticuz/chromium/package.json", import.meta.url), "utf-8"),
);
const folder = new URL(`../../.tools/chromium-${version}`, import.meta.url).pathname;
if (!existsSync(folder)) {
  const unpacking = `${folder}.part`;
  rmSync(unpacking, { recursive: true, force: true });
  mkdirSync(unpacking, { recursive: true });
  process.env.TMPDIR = unpacking;
  // By this the package knows that it must bring the libraries, too, that a server without a desktop lacks.
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  await chromium.executablePath();
  renameSync(unpacking, folder);
}
process.stdout.write(folder);
