/** The real `dispatch` in a home folder of its own, with our built courier and the bare one installed. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { PARCEL } from "./places.ts";

const OURS = "seren-cloud";
const BARE = "bare-cloud";

export class Dispatch {
  readonly #binary: string;
  readonly #env: Record<string, string>;

  private constructor(binary: string, env: Record<string, string>) {
    this.#binary = binary;
    this.#env = env;
  }

  static async installed(binary: string, home: string, env: Record<string, string>): Promise<Dispatch> {
    // Both couriers are started by their first line, so by the first Node of the path.
    const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
    const dispatch = new Dispatch(binary, { ...env, HOME: home, PATH: path });
    const ours = join(home, "ours");
    cpSync("dist", join(ours, "dist"), { recursive: true });
    cpSync("courier-plugin.json", join(ours, "courier-plugin.json"));
    for (const folder of [ours, bareCourier(home)])
      await dispatch.run(["courier", "install", join(folder, "courier-plugin.json")]);
    return dispatch;
  }

  chat(courier: "ours" | "bare"): Promise<string> {
    return this.run(["run", PARCEL, "--courier", courier === "ours" ? OURS : BARE, "--chat", "go"]);
  }

  /** What it prints. */
  run(args: readonly string[]): Promise<string> {
    const child = spawn(this.#binary, args, { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0) resolve(said);
        else reject(new Error(`dispatch ${args.join(" ")}: ${said}`));
      });
    });
  }
}

function bareCourier(home: string): string {
  const folder = join(home, "bare");
  mkdirSync(folder);
  const file = join(folder, "bare-courier.mjs");
  cpSync("bench/baselines/bare-courier.mjs", file);
  chmodSync(file, 0o755);
  const exec = { command: "./bare-courier.mjs", args: [] };
  const described = { kind: "courier", name: BARE, version: "1.0.0", protocol_version: 1, transport: "jsonl" };
  const manifest = { ...described, description: "a baseline", exec };
  writeFileSync(join(folder, "courier-plugin.json"), JSON.stringify(manifest));
  return folder;
}
