// Codes of chat/. The first group is what a person meets; the second says why something that others wrote does not count
// (nobody is told: it is left out of the view).

import { defineErrors } from '../../base/errors.ts'

export const chatErrors = defineErrors({
  community_unreadable: {
    kind: 'conflict',
    hint: 'Wait until somebody of the community was reached; what is only kept for others is never readable.',
  },
  chat_of_two: { kind: 'refused', hint: 'Write in the conversation itself: two need one channel.' },
  channel_unknown: { kind: 'not-found', hint: 'List the channels to see which there are.' },
  message_unknown: { kind: 'not-found', hint: 'Read the channel anew; the message may not have arrived yet.' },
  page_mark_wrong: { kind: 'usage', hint: 'Pass on what `before` of the last page was, or leave it out.' },
  limit_wrong: { kind: 'usage', hint: 'Ask for 1 to 200 messages, or 1 to 100 results.' },
  query_empty: { kind: 'usage', hint: 'Search for at least one letter or digit.' },
  text_empty: { kind: 'usage', hint: 'Write something, or attach a file.' },
  text_unusable: { kind: 'usage', hint: 'Take out characters that can’t be shown, such as controls.' },
  text_too_long: { kind: 'usage', hint: 'Send it in parts, or as a file.' },
  attachment_unusable: { kind: 'usage', hint: 'Give a name, a media type, a size and a `peerhood:` link.' },
  attachments_too_many: { kind: 'usage', hint: 'Share a folder instead.' },
  emoji_unusable: { kind: 'usage', hint: 'React with one emoji.' },
  channel_name_unusable: { kind: 'usage', hint: 'Choose a name of 1 to 100 bytes, without controls.' },
  channel_kind_wrong: { kind: 'conflict', hint: 'Only private channels have persons of their own.' },
  channels_too_many: { kind: 'conflict', hint: 'Use one that is there.' },
  channel_persons_too_many: { kind: 'conflict', hint: 'Make an open channel, or a community of its own.' },
  channel_archived: { kind: 'conflict', hint: 'Take it out of the archive first.' },
  channel_key_missing: {
    kind: 'conflict',
    hint: 'Wait until one of the others in the channel is online, then try again.',
  },
  person_unknown: { kind: 'not-found', hint: 'List the members to see who there is.' },
  chat_not_allowed: { kind: 'refused', hint: 'Ask somebody with a higher role to do it, or to give you one.' },
  chat_muted: { kind: 'refused', hint: 'Ask a moderator to lift it.' },
  message_of_other: { kind: 'refused', hint: 'Only who wrote a message can change it; a moderator can hide it.' },
  message_deleted: { kind: 'conflict', hint: 'Write a new one.' },
  thread_wrong: { kind: 'usage', hint: 'Name a message of the same channel that is not itself in a thread.' },
  edits_too_many: { kind: 'conflict', hint: 'Delete it and write a new one.' },
})

const otherHint = 'Nothing to do: it is left out; whoever wrote it has a newer, broken or hostile program.'

export const chatWireErrors = defineErrors({
  body_malformed: { kind: 'refused', hint: otherHint },
  body_too_long: { kind: 'refused', hint: otherHint },
  presence_malformed: { kind: 'refused', hint: otherHint },
})
