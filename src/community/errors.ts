// What can go wrong in a community: with what people ask for, and with what others wrote. Why an entry does not count
// although it is well formed is another matter: `VoidCode`, in words in sentences.ts.

import { defineErrors } from '../base/errors.ts'

const notOurs = 'Whoever wrote it has a broken or hostile program; everybody leaves it out alike.'

export const communityErrors = defineErrors({
  community_unknown: {
    kind: 'not-found',
    hint: 'List those that are here with `peerhood community list`, or join by an invitation link.',
  },
  member_unknown: { kind: 'not-found', hint: 'List the members with `peerhood community members`.' },
  device_unknown: { kind: 'not-found', hint: 'List members and their devices with `peerhood community members`.' },
  role_unknown: { kind: 'not-found', hint: 'Choose owner, admin, member, guest, or make the role first.' },
  invite_unknown: { kind: 'not-found', hint: 'List the open invitations and take one of them.' },
  keeper_unknown: { kind: 'not-found', hint: 'List the keepers and take one of them.' },
  not_a_member: {
    kind: 'refused',
    hint: 'You can read what was written while you were a member; to take part again, ask for a new invitation.',
  },
  already_member: {
    kind: 'conflict',
    hint: 'Further devices are added from one that the person has: `peerhood device add`.',
  },
  other_person: {
    kind: 'refused',
    hint: 'Restore the person who was on this computer before, by their 24 words or the keystore put aside.',
  },
  still_joining: {
    kind: 'conflict',
    hint: 'Keep Peerhood running: it goes on as soon as a member or a keeper is reached.',
  },
  kept_only: {
    kind: 'refused',
    hint: 'This computer holds the community for others without its keys. Join it by an invitation link to take part.',
  },
  act_not_allowed: { kind: 'refused', hint: 'Ask an admin or an owner of the community to do it.' },
  act_outranked: { kind: 'refused', hint: 'Ask somebody of the same rank or a higher one.' },
  act_useless: { kind: 'conflict', hint: 'Nothing has to be done: it is like that already.' },
  community_full: { kind: 'conflict', hint: 'Remove what is no longer needed, then try again.' },
  invite_used: { kind: 'refused', hint: 'Ask whoever invited you for another invitation.' },
  invite_revoked: { kind: 'refused', hint: 'Ask whoever invited you for another invitation.' },
  invite_expired: { kind: 'refused', hint: 'Ask whoever invited you for another invitation.' },
  key_missing: {
    kind: 'conflict',
    hint: 'Keep Peerhood running: another device or member hands the key on when it is reached.',
  },
  name_unusable: { kind: 'usage', hint: 'Choose 1 to 64 visible characters.' },
  text_unusable: { kind: 'usage', hint: 'Write less, and only what can be shown.' },
  role_unusable: {
    kind: 'usage',
    hint: 'A name of lower-case letters, digits, dots and hyphens that is not a built-in one, rank 0 to 2, capabilities of the same form.',
  },
  invite_unusable: { kind: 'usage', hint: 'Allow 1 to 1024 uses, and an end that lies ahead.' },
  content_too_long: {
    kind: 'usage',
    hint: 'Write less at once, or share it as a file: large contents travel as blocks, not as entries.',
  },
  content_unusable: { kind: 'usage', hint: 'Only what DAG-CBOR can say, under an app and a kind of 1 to 32 letters.' },
  seal_wrong: { kind: 'refused', hint: 'The key does not open it. It is kept, and tried again with keys that arrive.' },
  payload_malformed: { kind: 'refused', hint: notOurs },
  act_malformed: { kind: 'refused', hint: notOurs },
  boxes_malformed: { kind: 'refused', hint: notOurs },
  communities_too_many: { kind: 'conflict', hint: 'Forget communities that you no longer need, then try again.' },
  page_unknown: { kind: 'usage', hint: 'Pass on what `before` of the last page was, or leave it out.' },
  key_malformed: { kind: 'refused', hint: notOurs },
  admission_malformed: {
    kind: 'refused',
    hint: 'Update Peerhood on both computers, then try again with a new code.',
  },
  code_unknown: { kind: 'not-found', hint: 'List the open codes; one that was used, cancelled or guessed at is gone.' },
  request_unknown: { kind: 'not-found', hint: 'List the requests with `peerhood community requests`.' },
  request_not_here: { kind: 'not-found', hint: 'Ask another member, or for another link.' },
  requests_too_many: { kind: 'conflict', hint: 'Answer or refuse some of the requests that wait.' },
  ask_unknown: { kind: 'not-found', hint: 'List what you asked for with `peerhood community asks`.' },
  asks_too_many: { kind: 'conflict', hint: 'Cancel a request that nobody answers, then ask again.' },
  conversation_other: {
    kind: 'refused',
    hint: 'Nothing was written there. Block whoever asked, or ask them what they meant.',
  },
  device_not_expected: {
    kind: 'refused',
    hint: 'Make a code on the computer that you have: `peerhood device add`.',
  },
  device_half_added: {
    kind: 'not-found',
    hint: 'Make another code with `peerhood device add` on the other computer, and enter it here: what is done stays.',
  },
})
