/**
 * Commits the built package, as npm would publish it, to a branch of its own: Roder installs from git without building anything. The
 * package there names no dependencies, since the program has them inside. Nothing is pushed, no file of the checkout changes.
 *
 * Usage: node scripts/write-package-branch.mjs [--branch packed] [--into a repository; default: this one]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { branch: { type: "string", default: "packed" }, into: { type: "string" } } });
const folder = mkdtempSync(join(tmpdir(), "seren-bridge-package-"));
const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options }).trim();

try {
  run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder]);
  run("sh", ["-c", "tar -xzf *.tgz"], { cwd: folder });
  const tree = join(folder, "package");
  const file = join(tree, "package.json");
  const { dependencies, devDependencies, scripts, ...pkg } = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, `${JSON.stringify(pkg, null, 2)}\n`);

  const repository = values.into ?? run("git", ["rev-parse", "--absolute-git-dir"]);
  const git = (...args) =>
    run("git", [`--git-dir=${repository}`, `--work-tree=${tree}`, ...args], {
      cwd: tree,
      env: { ...process.env, GIT_INDEX_FILE: join(folder, "index") },
    });
  git("add", "--all", "--force");
  const written = git("write-tree");
  const ref = `refs/heads/${values.branch}`;
  const parent = git("for-each-ref", "--format=%(objectname)", ref);
  if (parent !== "" && git("rev-parse", `${parent}^{tree}`) === written) {
    console.log(`${values.branch} has this package already`);
  } else {
    const message = `${pkg.name} ${pkg.version}, built from ${run("git", ["describe", "--always", "--dirty"])}`;
    const commit = git("commit-tree", written, ...(parent === "" ? [] : ["-p", parent]), "-m", message);
    git("update-ref", ref, commit);
    console.log(`${values.branch}: ${message}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
