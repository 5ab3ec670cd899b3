// Every limit of chat, with the reason for its size. Those that decide what counts are also in docs/protocol/chat.md:
// all computers of a community must use the same, or they would show different things.

// ---- what an entry may hold

/** Text of a message in UTF-8: some four pages. Longer things are documents or files. */
export const textBytesMax = 10_000
/** Body of one act as DAG-CBOR. With its kind it fits the size class of 16 KiB; sealed twice the entry is under 33 KiB. */
export const bodyBytesMax = 16_000
/** Name of a channel in UTF-8: one line of a side bar, in scripts of 3 bytes a letter too. */
export const channelNameBytesMax = 100
/** Topic of a channel in UTF-8: a short paragraph. */
export const topicBytesMax = 1_000
/** Why a message was hidden or reported, or a person muted, in UTF-8. */
export const reasonBytesMax = 1_000
/** Persons that one message mentions; each is told, so a message can't wake everyone. */
export const mentionsMax = 50
/** Files offered with one message; more are a folder, which is one share. */
export const attachmentsMax = 10
/** A file name (NAME_MAX of Linux; content/format/limits.ts says the same). */
export const attachmentNameBytesMax = 255
/** `type/subtype`, each at most 63 (RFC 6838 §4.2 recommends 64 and fewer). */
export const mediaTypeBytesMax = 127
/** A read link with the addresses of two peers is under 2 KB; members find each other without addresses in it. */
export const attachmentLinkBytesMax = 2_048
/** A reaction in UTF-8: the longest sequences of Unicode's emoji list have 10 code points of at most 4 bytes. */
export const emojiBytesMax = 64
/** Persons of a private channel; more are an open channel or a community of their own. */
export const channelPersonsMax = 100
/** Devices a channel key is sealed to in one entry: 32 + 256 × 56 = 14,368 bytes of lockboxes. */
export const channelDevicesMax = 256
/** Lockboxes for {@link channelDevicesMax}. With persons and the sealed part an entry stays in the class of 32 KiB. */
export const boxesBytesMax = 32 + 56 * channelDevicesMax
/** Keys before it that a new channel key carries; each of those carries more, so the whole chain can be walked. */
export const previousKeysMax = 16
/** Nonce, tag and a content of at most 16 KiB after padding. */
export const sealedBytesMax = 12 + 16 * 1024 + 16
/** Least size of what is sealed with a channel key: a reaction looks like a short message. */
export const sealedClassBytesMin = 128
/** Channels whose read markers go into one entry: 64 × 70 bytes; more follow in the next. */
export const marksPerReadMax = 64

// ---- what counts, of more than this

/** Channels of one person that are listed, first come first; direct ones are not counted, they are bounded by members. */
export const channelsPerPersonMax = 100
/** Channels that are listed in all; those in use come before archived ones. */
export const channelsListedMax = 2_000
/** Edits of a message that count: the first so many by order. The log holds the others. */
export const editsKeptMax = 50
/** Different reactions of one person to one message: the newest by order. */
export const reactionsPerPersonMax = 16
/** Reactions to one message, all persons: the newest by order. Bounds a page of messages. */
export const reactionsPerMessageMax = 1_024
/** Mutes and their ends that count for one person: the newest by order. */
export const mutesPerPersonMax = 256
/** Changes of key or persons that count in one channel from one person: the first by order. Honest ones are dozens. */
export const stepsPerPersonMax = 128
/** Reports of one person that are listed: the newest by order. */
export const reportsPerPersonMax = 100

// ---- what is asked of the view

/** Messages of one page. */
export const pageMessagesMax = 200
/** Unread messages are counted up to here ("999+"): so counting costs the same in a channel of 100 and of 100,000. */
export const unreadCountMax = 1_000
/** Results of one search. */
export const searchFoundMax = 100
/** Characters of a search; nobody types more. */
export const queryCharsMax = 256
/** Words of a search that are looked for; further ones are left out. */
export const queryWordsMax = 16
/** Words of a snippet (FTS5 takes at most 64). */
export const snippetWords = 24
/** Changed messages that are told one by one; more at once are told as `rebuilt`. */
export const eventsAtOnceMax = 1_000

/** Entries that waited for the same thing are read so many at once: 16 KB each at most. */
export const waitingAtOnceMax = 256

/** Messages that are forgotten in one go with all that was done to them: some 20 ms, then others have a turn. */
export const forgottenTogetherMax = 512

/** Entries that are given again because others count no longer; past it the whole view is made anew, by another thread. */
export const retractedTogetherMax = 4_096

// ---- what this computer writes

/** A person's read markers are written at most this often, for all channels together: reading costs others little. */
export const readEveryMs = 30_000
/** Soon after the first marker, so that what is read in one go is one entry. */
export const readDelayMs = 2_000
/** Sealing a channel key to a new device is done by whoever is first after a random wait of up to this … */
export const resealDelayMaxMs = 30_000
/** … and at least this, so that the device's own person has often done it before. */
export const resealDelayMinMs = 1_000

// ---- presence and typing: ephemeral, never in the log

/** "… is typing" vanishes this long after the last word of it. */
export const typingExpiresMs = 6_000
/** While somebody types it is said this often at most. */
export const typingEveryMs = 3_000
/** Somebody of whom nothing was heard for this long is away. */
export const presenceExpiresMs = 60_000
/** Presence is said this often: two may be lost before it expires. */
export const presenceEveryMs = 25_000
/** Persons whose presence is remembered; the least recently heard go first. */
export const presencePersonsMax = 1_000
/** Channels one person can be seen typing in at once: one a device. */
export const typingPlacesMax = 4
/** What one person may say a second on average: typing every 3 s and presence every 25 s on three devices is 1.1. */
export const presenceMessagesPerSecond = 2
/** What one person may say at once. */
export const presenceMessagesBurst = 10
/** The longest ephemeral message is under 40 bytes; later versions have room. */
export const presenceBytesMax = 256

// ---- Markdown

/** Longer text is shown as it stands; a message has at most {@link textBytesMax} bytes. */
export const markdownCharsMax = 20_000
/** Quotes in lists in quotes, and emphasis within emphasis; deeper ones are text. */
export const markdownDepthMax = 8
/** Parts of one message that the page draws; the rest of the text follows as one part. */
export const markdownNodesMax = 4_000
/** Characters of a link (what browsers still show); longer ones are text. */
export const markdownLinkCharsMax = 2_048
