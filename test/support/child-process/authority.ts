/** An authority made for one test, and servers on loopback with certificates of it. Made with the system's openssl. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { scratchFolder } from "./child.ts";

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export interface Leaf {
  /** Host that the certificate is for. */
  host?: string;
  /** -1: it has expired. */
  days?: number;
}

export class Authority {
  readonly #folder = scratchFolder();
  /** Path of its certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly certificate = join(this.#folder, "ca.pem");

  constructor(name: string) {
    this.#openssl(
      "req",
      "-x509",
      ...NEW_KEY,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
    );
  }

  /** Starts a server that would answer every request. Returns its origin, `https://localhost:port`. */
  async serve(leaf?: Leaf): Promise<string> {
    const server = createServer(this.issue(leaf), (_, response) =>
      response.setHeader("content-type", "application/json").end('{"data":[]}'),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  issue({ host = "localhost", days = 1 }: Leaf = {}): { key: Buffer; cert: Buffer } {
    writeFileSync(join(this.#folder, "leaf.ext"), `subjectAltName=DNS:${host}\n`);
    this.#openssl("req", "-new", ...NEW_KEY, "-subj", `/CN=${host}`, "-keyout", "leaf.key", "-out", "leaf.csr");
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-extfile", "leaf.ext"];
    this.#openssl("x509", "-req", "-in", "leaf.csr", ...signing, "-days", String(days), "-out", "leaf.pem");
    const read = (name: string) => readFileSync(join(this.#folder, name));
    return { key: read("leaf.key"), cert: read("leaf.pem") };
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: "ignore" });
  }
}
