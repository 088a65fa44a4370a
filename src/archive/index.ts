/** Archives that deployments are made from: gzip of a tar, packed so that the same files always give the same bytes. */
export { type ArchiveFile, hashArchive } from "./hash-archive.ts";
export { packFolder } from "./pack-folder.ts";
export { readArchive } from "./read-archive.ts";
