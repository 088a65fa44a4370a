/** A package registry on loopback: one packed tarball, and for its dependencies what this checkout has installed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { CHECKOUT, PACKAGE } from "./package-under-test.ts";

const PackageSchema = z.looseObject({ name: z.string(), version: z.string() });

/** The tarball `npm publish` would send, unpacked into `folder` as well. */
export function packInto(folder: string): { tarball: string; unpacked: string } {
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: PACKAGE });
  execFileSync("sh", ["-c", "tar -xzf *.tgz && mv *.tgz packed.tgz"], { cwd: folder });
  return { tarball: join(folder, "packed.tgz"), unpacked: join(folder, "package") };
}

export class PackageRegistry {
  readonly #server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), "seren-bridge-registry-"));
  readonly #own: { tarball: string; unpacked: string };

  private constructor() {
    this.#own = packInto(this.#folder);
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? "/").slice(1);
      const found = path.startsWith("-/") ? this.#bytes(path.slice(2)) : this.#description(path);
      if (found) response.end(found);
      else response.writeHead(404).end("{}");
    });
  }

  static async start(): Promise<PackageRegistry> {
    const registry = new PackageRegistry();
    await new Promise<void>((resolve) => void registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get url(): string {
    const { port } = z.object({ port: z.int() }).parse(this.#server.address());
    return `http://127.0.0.1:${port}/`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #description(name: string): string | undefined {
    const folder = this.#folderOf(name);
    const bytes = this.#bytes(name);
    if (!folder || !bytes) return undefined;
    const { scripts, devDependencies, ...pkg } = PackageSchema.parse(
      JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    );
    const dist = { tarball: `${this.url}-/${name}`, shasum: createHash("sha1").update(bytes).digest("hex") };
    return JSON.stringify({
      name,
      "dist-tags": { latest: pkg.version },
      versions: { [pkg.version]: { ...pkg, dist } },
    });
  }

  #bytes(name: string): Buffer | undefined {
    if (name === "seren-bridge") return readFileSync(this.#own.tarball);
    const folder = this.#folderOf(name);
    if (!folder) return undefined;
    return execFileSync("tar", ["-czf", "-", "-C", folder, "."], { maxBuffer: 64 * 1024 * 1024 });
  }

  #folderOf(name: string): string | undefined {
    if (name === "seren-bridge") return this.#own.unpacked;
    const folder = join(CHECKOUT, "node_modules", name);
    return existsSync(folder) ? folder : undefined;
  }
}
