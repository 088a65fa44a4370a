/** Whether a folder is on a disk that only this machine has. */
import { statfs } from "node:fs/promises";

/**
 * Linux's numbers of the file systems that one kernel at a time can have mounted: ext2 to ext4, XFS, Btrfs, F2FS, ZFS, bcachefs,
 * tmpfs, and layers on them. NFS, SMB, 9p, FUSE (which may lead to another machine), cluster file systems and those not known
 * here are none.
 */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x794c7630]);

/**
 * Elsewhere than on Linux it is not asked: the ids of machines are those of the hardware on macOS, and what a system of
 * containers copies is Linux.
 */
export async function isOnThisMachineOnly(folder: string): Promise<boolean> {
  if (process.platform !== "linux") return true;
  try {
    return LOCAL.has((await statfs(folder)).type);
  } catch {
    return false;
  }
}
