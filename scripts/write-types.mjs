/**
 * Writes `dist/index.d.ts`, the types of the library, in one file that names no other package: where the sources infer a
 * type from a schema, the type itself is written out, so that a program that uses us needs no schema library.
 *
 * Usage: node scripts/write-types.mjs   (after the build)
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "dist", "index.d.ts");

const tsup = join(root, "node_modules", "tsup", "dist", "cli-default.js");
const args = ["src/index.ts", "--no-config", "--dts-only", "--format", "esm", "--out-dir", "dist"];
const bundled = spawnSync(process.execPath, [tsup, ...args], { cwd: root, encoding: "utf8" });
if (bundled.status !== 0) throw new Error(`the types cannot be bundled:\n${bundled.stdout}${bundled.stderr}`);

const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023 };
const modules = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const program = ts.createProgram([out], { ...options, ...modules });
const checker = program.getTypeChecker();
const source = program.getSourceFile(out);
const printed = (type) =>
  checker.typeToString(
    type,
    undefined,
    ts.TypeFormatFlags.NoTruncation |
      ts.TypeFormatFlags.InTypeAlias |
      ts.TypeFormatFlags.MultilineObjectLiterals |
      ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope,
  );
const comment = (node) =>
  source.text.slice(node.getFullStart(), node.getStart(source)).match(/\/\*\*[\s\S]*?\*\/\s*$/)?.[0];

const schemas = new Map();
for (const statement of source.statements) {
  if (!ts.isVariableStatement(statement)) continue;
  for (const { name, type } of statement.declarationList.declarations) {
    if (type?.getText(source).startsWith("z.")) schemas.set(name.getText(source), statement);
  }
}

// The bundler of types forgets which exports are types only.
const values = Object.keys(await import(pathToFileURL(join(root, "dist", "index.mjs")).href));
const exported = (text) =>
  text.replaceAll(/(?<=[{,] )(\w+)(?=[ ,])/g, (name) =>
    name === "type" || values.includes(name) ? name : `type ${name}`,
  );

const kept = source.statements.flatMap((statement) => {
  if ([...schemas.values()].includes(statement)) return [];
  if (ts.isImportDeclaration(statement) && statement.moduleSpecifier.text === "zod") return [];
  const text = statement.getFullText(source).trim();
  if (ts.isExportDeclaration(statement)) return [exported(text)];
  if (!ts.isTypeAliasDeclaration(statement) || !statement.type.getText(source).startsWith("z.")) return [text];
  const of = /typeof (\w+)/.exec(statement.type.getText(source))?.[1];
  const about = comment(statement) ?? (schemas.has(of) ? comment(schemas.get(of)) : undefined) ?? "";
  const expanded = printed(checker.getTypeAtLocation(statement.name))
    .replaceAll(/ {4,}/g, "\n$&")
    .replace(/;}$/, ";\n}");
  return [`${about}type ${statement.name.text} = ${expanded};`];
});

const text = `${kept.join("\n")}\n`;
const foreign = /\bz\.|from ['"](?!\.)/.exec(text);
if (foreign)
  throw new Error(`the types still name another package: ${text.slice(foreign.index - 200, foreign.index + 80)}`);
writeFileSync(out, text);
