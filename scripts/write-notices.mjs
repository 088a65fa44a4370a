/**
 * Writes `THIRD-PARTY-NOTICES.md`: the licence of every package that the build has put into our files, as the bundler
 * reports them. A package without a licence text stops the build.
 *
 * Usage: node scripts/write-notices.mjs   (after the build)
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { inputs } = JSON.parse(readFileSync(join(root, "dist", "metafile-esm.json"), "utf8"));

const folders = new Set();
for (const path of Object.keys(inputs)) {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  if (folder) folders.add(folder);
}

const webAddress = (url) => {
  const place = url.replace(/^https?:\/\//, "").replace(/\.git$/, "");
  return `https://${/^[^/]+\.[^/]+\//.test(place) ? place : `github.com/${place}`}`;
};

const packages = [...folders].map((folder) => {
  const { name, version, license, repository, homepage } = JSON.parse(readFileSync(join(root, folder, "package.json")));
  const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} is bundled and has no licence text`);
  const address = (typeof repository === "string" ? repository : repository?.url) ?? homepage ?? "";
  const url = address.replace(/^(git\+|git:\/\/|ssh:\/\/git@)+/, "").replace(/^github:/, "github.com/");
  const text = readFileSync(join(root, folder, file), "utf8")
    .replaceAll("\r\n", "\n")
    .trim();
  return { name, version, license, url: webAddress(url), text };
});
packages.sort((a, b) => (a.name < b.name ? -1 : 1));

const sections = packages.map(
  ({ name, version, license, url, text }) =>
    `## ${name} ${version}\n\n${license}, ${url}\n\n\`\`\`text\n${text}\n\`\`\`\n`,
);
const head =
  "# Third-party notices\n\nWritten by `scripts/write-notices.mjs`. The files in `dist` and the release files contain code of these packages:\n";
writeFileSync(join(root, "THIRD-PARTY-NOTICES.md"), [head, ...sections].join("\n"));
