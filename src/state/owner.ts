/** The process that a folder belongs to, and whether it is alive. */
import { join } from "node:path";
import * as z from "zod";
import { readPlainFile } from "../support/plain-file.ts";
import { type AliveSocket, knockIn, listenIn, type SocketFile } from "./alive-socket.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { isOnThisMachineOnly } from "./local-disk.ts";
import { startedAt, thisMachine } from "./machine.ts";

const OWNER_FILE = "owner.json";
const MAX_BYTES = 4096;

const OwnerSchema = z.object({
  v: z.literal(2),
  id: z.string(),
  machine: z.string().optional(),
  boot: z.string().optional(),
  /** Of the socket beside this file. Absent when the file system has none: then the death of the owner cannot be seen. */
  inode: z.string().optional(),
  /** Of its file system, as it is mounted where the owner is. */
  device: z.string().optional(),
  /** Milliseconds since the epoch. */
  since: z.number(),
});
type Owner = z.output<typeof OwnerSchema>;

/**
 * `dead` is certain. `unknown` is everything that cannot be seen from here: another machine, another container, a copied
 * folder, a file system without sockets. What an unknown owner has is left alone, asked about again later, and shown to a
 * person.
 */
export type OwnerState = "alive" | "dead" | "unknown";

/** Makes this process the owner of an empty folder until it ends. Undefined when the file system has no sockets. */
export async function own(folder: string, id: string, now: number): Promise<AliveSocket | undefined> {
  const socket = await listenIn(folder, id).catch(() => undefined); // before the file: who has a file has been listening
  try {
    const proof = socket ? socket.file : {};
    const owner: Owner = { v: 2, id, ...(await thisMachine()), ...proof, since: now };
    await writeFileAtomic(join(folder, OWNER_FILE), JSON.stringify(owner), { token: id });
  } catch (error) {
    await socket?.close();
    throw error;
  }
  return socket;
}

/** The one judgement of who is alive. Never rejects. `now` is the time of this machine's clock. */
export async function ownerState(folder: string, now: number): Promise<OwnerState> {
  const owner = await readOwner(folder);
  if (owner?.inode === undefined) return "unknown";
  const { answer, file } = await knockIn(folder, owner.id);
  if (file.inode !== owner.inode) return "unknown"; // a copy: the socket that the owner listens on is elsewhere
  if (answer === "listening") return "alive";
  return answer === "refused" && (await wouldBeSeen(owner, { folder, file, now })) ? "dead" : "unknown";
}

/** Whether the folder has an owner file. */
export async function hasOwner(folder: string): Promise<boolean> {
  return (await readOwner(folder)) !== undefined;
}

/**
 * Whether a living owner's socket would be heard here. It is under the same kernel, through the same mount; or it is from
 * before the last start of this machine, on a disk that no other machine has. The machine's id alone is no proof of that:
 * images are copied with it. An owner from after this start with another boot id is on another machine in every case.
 */
async function wouldBeSeen(owner: Owner, { folder, file, now }: Seen): Promise<boolean> {
  const here = await thisMachine();
  const isSameMount = owner.device === file.device;
  if (owner.boot !== undefined && owner.boot === here.boot) return isSameMount;
  if (owner.machine === undefined || owner.machine !== here.machine) return false;
  if (owner.since < startedAt(now)) return isOnThisMachineOnly(folder);
  return owner.boot === undefined && isSameMount;
}

/** What is seen of an owner's socket from here. */
interface Seen {
  folder: string;
  file: SocketFile;
  now: number;
}

async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    const file = await readPlainFile(join(folder, OWNER_FILE), MAX_BYTES);
    return file && OwnerSchema.safeParse(JSON.parse(file.bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
