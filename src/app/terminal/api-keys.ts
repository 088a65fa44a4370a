/** The API key for `login`, `logout` and `doctor`: its source, storing it, removing it. */
import { mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ApiKeys, KeySource } from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import { apiKeyReader } from "../../credentials.ts";
import { writeFileAtomic } from "../../state/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import type { Redactor } from "../../support/redact.ts";
import { Secret } from "../../support/secret.ts";

export interface ApiKeysOptions {
  config: Config;
  ambient: Ambient;
  redactor: Redactor;
  /** Rejects when the service does not accept the key. */
  check: (key: Secret) => Promise<void>;
}

export function createApiKeys({ config, ambient, redactor, check }: ApiKeysOptions): ApiKeys {
  const path = config.credentialsFile;
  const read = apiKeyReader(config, redactor);
  return {
    current: config.local ? () => new Secret("local") : read,
    async source(): Promise<KeySource> {
      if (config.local) return { from: "local" };
      if (config.apiKey) return { from: "environment" };
      try {
        read();
        return { from: "file", path };
      } catch (error) {
        const there = await stat(path).then(
          () => true,
          () => false,
        );
        return { from: "none", path, ...(there ? { problem: asFailure(error).message } : {}) };
      }
    },
    async check(key) {
      redactor.add(key.reveal());
      await check(key);
    },
    async store(key) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, `${JSON.stringify({ api_key: key.reveal() }, null, 2)}\n`, { token: ambient.uuid() });
      return path;
    },
    async forget() {
      try {
        await rm(path);
        return true;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
        throw error;
      }
    },
  };
}
