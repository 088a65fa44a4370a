/** The Node releases a start is measured with. */
import { execFileSync } from "node:child_process";
import { otherNodes } from "../../test/package/tarball.ts";

export interface Node {
  path: string;
  version: string;
  /** It can keep compiled code between starts. */
  hasCompileCache: boolean;
}

/** The one that runs the benchmarks, and the newest of the package tests where those are installed. */
export function measuredNodes(): Node[] {
  const ours = looked(process.execPath);
  const others = otherNodes().map(({ node }) => looked(node));
  const newest = [ours, ...others].sort((a, b) => major(b) - major(a))[0] ?? ours;
  return newest.version === ours.version ? [ours] : [ours, newest];
}

const major = ({ version }: Node): number => Number.parseInt(version.slice(1), 10);

function looked(path: string): Node {
  const script = "console.log(process.version, typeof module.constructor.enableCompileCache)";
  const [version = "", cache] = execFileSync(path, ["-e", script], { encoding: "utf8" }).trim().split(" ");
  return { path, version, hasCompileCache: cache === "function" };
}
