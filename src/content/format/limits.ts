// Every bound of the formats of shares. docs/protocol/share.md states those that both sides must keep.

/** Bytes of file content in a leaf (unixfs-v1-2025, IPIP-499: "Max chunk size 1MiB"). */
export const leafBytes = 1_048_576

/** Links of a file node (IPIP-499: "DAG width 1024"). */
export const fileLinksMax = 1_024

/** Encoded bytes of a plain folder node; one more and it is sharded (IPIP-499: "256KiB (block-bytes)", ">"). */
export const folderNodeBytesMax = 262_144

/** What sealing adds to a block: 32 bytes of id and 16 of tag. */
export const sealBytes = 48

/** Wire bytes of a block: a sealed leaf is the largest. Inner nodes stay far below (262,144). */
export const blockBytesMax = leafBytes + sealBytes

/** Bytes of an inventory entry: digest and 32-bit length. */
export const inventoryEntryBytes = 36

/** Entries of a full inventory page: 29,127 × 36 = 1,048,572 bytes, the most that fits into 1 MiB. */
export const inventoryPageEntries = 29_127

/** Blocks of a version: 2 TiB of full leaves. The inventory then takes 75.5 MB of memory. */
export const blocksMax = 2_097_152

/** Inventory pages of a version. */
export const inventoryPagesMax = Math.ceil(blocksMax / inventoryPageEntries)

/** Bytes of a signed record: 73 pages of 34 bytes, 4 KiB of meta, keys and signature come to about 6.8 KiB. */
export const recordBytesMax = 8_192

/** Bytes of meta on the wire: a name of 255 bytes and numbers, padded and sealed, take under 600. Room for what is to come. */
export const metaBytesMax = 4_096

/** Private meta is padded to a multiple of this, so that its length tells at most that the name is unusually long. */
export const metaPaddingBytes = 256

/** UTF-8 bytes of a file's or folder's name: NAME_MAX of Linux, and no other common file system allows more. */
export const nameBytesMax = 255

/** Names in a path. Real trees stay under 40; 4,096 bytes (PATH_MAX) of one-letter names would be 2,048. */
export const pathNamesMax = 128

/** Files and empty folders of a version: 100 bytes of memory each while its layout is read, 400 with several leaves: 200 MB at most. */
export const layoutEntriesMax = 524_288

/** Names in all paths of a layout together (8 bytes each): the largest layout at a mean depth of 8. */
export const layoutNamesMax = 4_194_304

/**
 * Leaves that a layout lists (8 bytes each), counted for every file and for every inner node of a file while it is
 * read: one file of 2 TiB lists 2 Mi of them at each of three levels and once more as a file.
 */
export const layoutLeavesMax = 8_388_608

/**
 * How many links of folders may be followed per link in the distinct nodes read so far. Folders that repeat share their
 * nodes, so a few hundred bytes could unfold into millions of files; real shares repeat a folder a few times, not 256.
 */
export const layoutStepsPerLinkMax = 256

/** Levels of nodes in one file: 1,024 links a node need 3 for 1 TiB; other layouts (174 links, trickle) a few more. */
export const fileDepthMax = 16

/** Milliseconds since 1970 that a calendar can show (ECMA-262, time values). */
export const createdMsMax = 8_640_000_000_000_000

/** Version numbers: one a second for nine million years; leaves room for arithmetic in doubles and SQLite. */
export const sequenceMax = 281_474_976_710_655

/** Characters of a link, white space included; the API takes no longer one. The longest that we make has 5,289. */
export const linkCharsMax = 8_192

/** Peers in a link: enough to start from, and the QR code stays readable. */
export const linkPeersMax = 4

/** Addresses of one peer in a link. */
export const linkAddressesMax = 6

/** Bytes of one binary multiaddr in a link: a relayed WebRTC address with two certificate hashes takes about 120. */
export const linkAddressBytesMax = 128

/** From this size on a block is hashed by the thread pool: below, handing it over takes longer than hashing it. */
export const threadPoolBytesMin = 131_072

/** Bytes of a block that are read, sealed and hashed before the next: a core's second-level cache holds them three times. */
export const pieceBytes = 131_072
