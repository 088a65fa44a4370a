/** Small files that several processes of this machine share. */
export { writeFileAtomic } from "./atomic-file.ts";
export { Claims } from "./claims.ts";
export { type Attempt, Locks } from "./locks.ts";
export { OwnedFiles } from "./owned-files.ts";
export { stateDisk } from "./state-disk.ts";
export { tryFolder } from "./try-folder.ts";
