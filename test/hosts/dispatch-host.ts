/** The real `dispatch` binary in a home folder of its own, with our built courier installed and a service to look into. */
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCloud, type LocalCloudOptions, type LocalHttp, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient, sleep } from "../../src/support/ambient.ts";
import { oddFaults } from "../support/odd-faults.ts";

const KEY = "seren_host-test-key-0123456789";

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export class DispatchHost {
  readonly home: string;
  readonly cloud: LocalCloud;
  readonly #binary: string;
  readonly #http: LocalHttp;

  private constructor(binary: string, home: string, cloud: LocalCloud, http: LocalHttp) {
    this.#binary = binary;
    this.home = home;
    this.cloud = cloud;
    this.#http = http;
  }

  /** Copies the fixture parcels and the built program, installs the courier. */
  static async start(binary: string, options: Partial<LocalCloudOptions> = {}): Promise<DispatchHost> {
    const home = await mkdtemp(join(tmpdir(), "dispatch-host-"));
    await cp("test/fixtures/dispatch/parcels", join(home, "parcels"), { recursive: true });
    await cp("examples/parcels/basic", join(home, "parcels", "basic"), { recursive: true });
    await cp("dist", join(home, "plugin", "dist"), { recursive: true });
    for (const file of ["courier-plugin.json", "deployment-plugin.json"]) await cp(file, join(home, "plugin", file));
    const cloud = new LocalCloud({ ambient: realAmbient, keys: [KEY], faults: oddFaults(), ...options });
    const host = new DispatchHost(binary, home, cloud, await startLocalHttp(cloud));
    const installed = await host.run(["courier", "install", join(home, "plugin", "courier-plugin.json")]);
    if (installed.code !== 0) throw new Error(`the courier could not be installed: ${installed.stderr}`);
    return host;
  }

  /** Binds a parcel the way the host does: the label changes, the digest stays that of the parcel without labels. */
  async bind(name: string, deploymentId: string): Promise<void> {
    const path = join(this.parcel(name), "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    manifest.labels["dispatch.deployment.id"] = deploymentId;
    await writeFile(path, JSON.stringify(manifest, null, 2));
  }

  parcel(name: string): string {
    return join(this.home, "parcels", name);
  }

  /** A call to the service, beside the courier. */
  async call(
    method: string,
    path: string,
    body?: object,
  ): Promise<Record<string, unknown>[] & Record<string, unknown>> {
    const reply = await this.cloud.withoutFaults().handle({
      method,
      path: `/publishers/seren-cloud${path}`,
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (reply.drop === true || typeof reply.body !== "string" || reply.status > 299)
      throw new Error(`${method} ${path} failed`);
    return JSON.parse(reply.body).data;
  }

  readText(name: string): Promise<string> {
    return readFile(join(this.home, name), "utf8");
  }

  /** Resolves when the service has this many runs going. */
  async untilActive(count: number): Promise<void> {
    while (this.cloud.stats().runsActive.length !== count) await sleep(realAmbient, 20);
  }

  spawn(args: string[], options: { input?: string; env?: Record<string, string>; cwd?: string } = {}): Running {
    const child = spawn(this.#binary, args, {
      cwd: options.cwd ?? this.home,
      detached: true, // a process group of its own, as a terminal gives one: Ctrl-C goes to the group
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        SEREN_API_BASE: this.#http.origin,
        SEREN_API_KEY: KEY,
        ...options.env,
      },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended };
  }

  run(args: string[], options?: { input?: string; env?: Record<string, string>; cwd?: string }): Promise<Ended> {
    return this.spawn(args, options).ended;
  }

  async close(): Promise<void> {
    await this.#http.close();
    await rm(this.home, { recursive: true, force: true });
  }
}
