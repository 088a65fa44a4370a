/** The API key for `login`, `logout` and `doctor`: its source, storing it, removing it. */
import { lstat, rm } from "node:fs/promises";
import type { ApiKeys, KeySource } from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import { apiKeyReader, keyDisk } from "../../credentials.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import type { Redactor } from "../../support/redact.ts";
import { resolveLinks } from "../../support/resolve-links.ts";
import { Secret } from "../../support/secret.ts";
import { pathFailure, systemCode } from "../../support/system-error.ts";
import { replaceFile } from "./replace-file.ts";
import { readSerenSignIn } from "./seren-sign-in.ts";

export interface ApiKeysOptions {
  config: Config;
  ambient: Ambient;
  redactor: Redactor;
  /** Rejects when the service does not accept the key. */
  check: (key: Secret) => Promise<void>;
}

export function createApiKeys({ config, ambient, redactor, check }: ApiKeysOptions): ApiKeys {
  const disk = keyDisk(config, ambient);
  const read = apiKeyReader(config, redactor, disk);
  return {
    current: config.local ? () => new Secret("local") : read,
    async source(): Promise<KeySource> {
      if (config.local) return { from: "local" };
      if (config.apiKey) return { from: "environment" };
      let path = "credentials.json";
      try {
        path = config.credentialsFile;
        await read();
        return { from: "file", path };
      } catch (error) {
        const there = await disk()
          .ask(() => lstat(path))
          .then(
            () => true,
            (reason: unknown) => systemCode(reason) !== "ENOENT" || asFailure(error).kind === "invalid_input",
          );
        return { from: "none", path, ...(there ? { problem: asFailure(error).message } : {}) };
      }
    },
    async serenSignIn() {
      if (config.local) return undefined;
      const signIn = await readSerenSignIn(config.credentialsFile, ambient);
      if (signIn && "key" in signIn) redactor.add(signIn.key.reveal());
      return signIn;
    },
    async check(key) {
      redactor.add(key.reveal());
      await check(key);
    },
    async store(key) {
      const path = config.credentialsFile;
      const stored = { api_key: key.reveal(), service: new URL(config.apiBase()).origin };
      await replaceFile(path, `${JSON.stringify(stored, null, 2)}\n`, ambient);
      return path;
    },
    /** The file a link leads to is the one that holds the key. */
    async forget() {
      const target = await resolveLinks(config.credentialsFile);
      try {
        await disk().ask(() => rm(target));
        return true;
      } catch (error) {
        if (systemCode(error) === "ENOENT") return false;
        throw pathFailure(target, "removed", error);
      }
    },
  };
}
