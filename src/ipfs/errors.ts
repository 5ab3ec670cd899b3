// Codes of ipfs/. The first group is what a person or a program meets; the second is what a peer did wrong.

import { defineErrors } from '../base/errors.ts'

const otherFormat =
  'Peerhood reads UnixFS files and folders with sha2-256; convert the content with the tool that made it.'

export const ipfsErrors = defineErrors({
  cid_malformed: { kind: 'usage', hint: 'Copy the CID once more; it begins with `bafy`, `bafk` or `Qm`.' },
  cid_unsupported: { kind: 'usage', hint: otherFormat },
  ipfs_block_not_found: {
    kind: 'not-found',
    hint: 'Name a peer that has it with `--from`, or start with `--ipfs` to search the public DHT.',
  },
  ipfs_block_wrong: { kind: 'refused', hint: 'The bytes were thrown away; get it from another place.' },
  ipfs_block_too_large: {
    kind: 'refused',
    hint: 'IPFS peers exchange blocks of at most 2 MiB; add the content again with smaller ones.',
  },
  ipfs_block_late: { kind: 'not-found', hint: 'Try again later, or name another peer with `--from`.' },
  ipfs_node_malformed: {
    kind: 'refused',
    hint: 'The content itself is made wrong; whoever made it has to add it again.',
  },
  ipfs_dag_too_large: { kind: 'refused', hint: 'Get the folders in it one by one.' },
  ipfs_path_unknown: { kind: 'not-found', hint: 'Look at the folder without the path, to see what is in it.' },
  ipfs_wants_too_many: { kind: 'conflict', hint: 'Wait until other gets have ended.' },
  ipfs_target_taken: { kind: 'conflict', hint: 'Give another name with `--name`, or another folder with `--to`.' },
  ipfs_get_twice: { kind: 'conflict', hint: 'Wait for the other one, or choose another folder with `--to`.' },
  ipfs_share_unknown: {
    kind: 'not-found',
    hint: 'Give a CID, or the id of a public share that `peerhood shares` shows.',
  },
  ipfs_share_private: {
    kind: 'refused',
    hint: 'Share it with `--public` first: what IPFS tools get is not encrypted.',
  },
  ipfs_job_unknown: { kind: 'not-found', hint: 'List them to see which there are.' },
  ipfs_jobs_too_many: { kind: 'conflict', hint: 'Wait until another get, import or export has ended.' },
  ipfs_job_cancelled: { kind: 'interrupted', hint: 'The same command goes on from what is there.' },
  car_malformed: { kind: 'refused', hint: 'Export it again, as CAR version 1.' },
  car_version_unknown: { kind: 'usage', hint: 'Export it as CAR version 1.' },
  car_roots_many: { kind: 'usage', hint: 'Export one root at a time.' },
  car_incomplete: { kind: 'refused', hint: 'Export it again, with all blocks.' },
  car_too_large: { kind: 'refused', hint: 'Export the folders in it one by one.' },
  car_unreadable: { kind: 'not-found', hint: 'Check the path of the CAR file.' },
  gateway_port_taken: { kind: 'conflict', hint: 'Choose another port with `--gateway`, or 0 for any free one.' },
  gateway_port_refused: {
    kind: 'local',
    hint: 'Choose another port with `--gateway`; those below 1024 need rights of their own.',
  },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on bitswap; each costs it the stream, and its code is the log line's and the blame's. */
export const bitswapErrors = defineErrors({
  bitswap_malformed: { kind: 'refused', hint: peerHint },
  bitswap_too_long: { kind: 'refused', hint: peerHint },
  bitswap_cut: { kind: 'refused', hint: peerHint },
  bitswap_wants_too_many: { kind: 'refused', hint: peerHint },
  bitswap_block_too_large: { kind: 'refused', hint: peerHint },
  bitswap_busy: { kind: 'refused', hint: 'Nothing to do: it is asked again later.' },
  bitswap_silent: { kind: 'refused', hint: peerHint },
  bitswap_not_reading: { kind: 'refused', hint: peerHint },
})
