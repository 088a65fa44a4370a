/** `login` and `logout`: store and remove the API key. */
import type { Command } from "commander";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { Secret } from "../../../support/secret.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { confirm, password } from "../screen/ask.ts";
import { readStdin } from "../screen/read-stdin.ts";
import { printError, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

interface LoginOptions {
  stdin?: boolean;
  fromSeren?: boolean;
  check: boolean;
}

export function addLogin(program: Command, context: CommandContext): void {
  const login = program
    .command("login")
    .summary("store the API key of your Seren organization")
    .description(
      "Asks for the key without showing it, checks it against Seren Cloud, and stores it in a file that only you can read.\nEvery host and this command use it from then on. SEREN_API_KEY takes precedence.",
    )
    .option("--stdin", "read the key from stdin instead of asking")
    .option("--from-seren", "take the key that the official seren command has stored")
    .option("--no-check", "store it without asking Seren Cloud");
  examples(login, [
    ["seren-bridge login", "type or paste the key"],
    ["seren-bridge login --from-seren", "after `seren login` with an API key"],
    ["pass show seren | seren-bridge login --stdin", "from a password manager"],
  ]);
  login.action(action(context, (options: LoginOptions) => store(context, options)));

  const logout = program
    .command("logout")
    .summary("remove the stored API key")
    .description("Removes the file that `login` wrote. The key itself stays valid until you revoke it at Seren.");
  examples(logout, [["seren-bridge logout", "nothing else is touched"]]);
  logout.action(action(context, () => forget(context)));
}

async function store(context: Context, options: LoginOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const { check } = options;
  if (services.local) {
    throw new ExecutionFailure(
      "invalid_input",
      "SEREN_API_BASE is local, which needs no key; unset it and log in again",
    );
  }
  const text = (await keyFor(context, options)).trim();
  if (!/^[\x21-\x7e]{8,4096}$/.test(text)) {
    throw new ExecutionFailure(
      "invalid_input",
      "that is not an API key: a key is one word of at least 8 plain characters, such as seren_…",
    );
  }
  const key = new Secret(text);
  if (check) {
    try {
      await services.keys.check(key);
    } catch (error) {
      const failure = asFailure(error);
      const why =
        failure.kind === "unauthorized" || failure.kind === "forbidden"
          ? `${services.serviceAddress()} does not accept this key; nothing was stored`
          : `the key could not be checked, so nothing was stored (${failure.message}); --no-check stores it anyway`;
      throw new ExecutionFailure(failure.kind, why, { cause: failure });
    }
  }
  const path = await services.keys.store(key);
  printLine(
    screen,
    `${check ? `${services.serviceAddress()} accepts the key. ` : ""}Stored in ${path}, readable by you only.`,
  );
  if ((await services.keys.source()).from === "environment") {
    printError(screen, "SEREN_API_KEY is set in this shell and takes precedence over the stored key.");
  }
  return EXIT.ok;
}

async function keyFor({ services, screen }: Context, { stdin, fromSeren }: LoginOptions): Promise<string> {
  if (stdin && fromSeren) throw new ExecutionFailure("invalid_input", "--stdin and --from-seren exclude each other");
  if (stdin) return readStdin(screen);
  const signIn = await services.keys.serenSignIn();
  if (fromSeren) {
    if (signIn && "key" in signIn) return signIn.key.reveal();
    throw new ExecutionFailure("not_found", signIn?.problem ?? "the seren command has stored no key on this machine");
  }
  if (!screen.interactive) {
    throw new ExecutionFailure(
      "invalid_input",
      "there is no terminal to ask on; give the key with: seren-bridge login --stdin",
    );
  }
  const isOffered = signIn && "key" in signIn;
  if (isOffered && (await confirm(screen, `The seren command has a key in ${signIn.path}. Use it?`)))
    return signIn.key.reveal();
  return password(screen, "Seren API key");
}

async function forget({ services, screen }: Context): Promise<ExitCode> {
  const path = services.paths.credentialsFile;
  printLine(screen, (await services.keys.forget()) ? `Removed ${path}.` : `There is no stored key (${path}).`);
  if ((await services.keys.source()).from === "environment") {
    printError(screen, "SEREN_API_KEY is still set in this shell.");
  }
  return EXIT.ok;
}
