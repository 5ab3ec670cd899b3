// Every size of a community that members, or strangers with a link, can grow, with its reason. docs/protocol/community.md
// states those that all must keep: what is past one of them is void (`too_many`) or malformed for everybody alike.

/** Persons who are members at once; with two devices each a new key takes 8 entries of lockboxes. */
export const membersMax = 2_048

/** Devices that one person has in a community at once. */
export const devicesPerPersonMax = 16

/** Open invitations in all: every new key is sealed to each of them, too. */
export const invitesOpenMax = 256

/** Open invitations of one person, so that one can't use up all. */
export const invitesOpenPerPersonMax = 32

/** Persons that one invitation lets in. */
export const inviteUsesMax = 1_024

/** Roles that a community makes itself. */
export const rolesOwnMax = 64

/** Capabilities that one role lists; longer lists are malformed. */
export const roleCapabilitiesMax = 64

/** Highest rank of a role that a community makes itself: owners have 3, and nobody else. */
export const roleRankMax = 2

/** Keepers on the list: members dial all of them. */
export const keepersMax = 32

/** Addresses of a keeper in an act, as network/ keeps for one peer. */
export const keeperAddressesMax = 8

/** Characters of one address: a relayed one with two peer ids has about 200 (network/limits.ts, `addressCharsMax`). */
export const keeperAddressCharactersMax = 320

/** Names of communities, persons, devices, keepers: UTF-16 units, as long as a line of a phone. */
export const nameCharactersMax = 64

/** What a community says of itself. */
export const descriptionCharactersMax = 2_000

/** What an inviter writes beside an invitation, for the others. */
export const noteCharactersMax = 200

/** Names of apps, kinds, roles and capabilities: a letter, then letters, digits, dots and hyphens. */
export const wordCharactersMax = 32

/** Smallest sealed content: short messages, reactions and read markers look alike. */
export const paddedBytesMin = 128

/**
 * Largest sealed content after padding; with 512 lockboxes (28,704 bytes) beside it an entry stays under its 65,536. The
 * next power of two would not.
 */
export const paddedBytesMax = 32_768

/** Bytes of [app, kind, body]: one less than the padding leaves, for its 0x80. What is larger is a block of content/. */
export const contentBytesMax = paddedBytesMax - 1

/** Lockboxes of one entry, 56 bytes each. More devices: more entries with the same key. */
export const boxesMax = 512

/** Earlier keys that one `rotate` hands on, about 160 bytes each; a chain of rotations reaches the others. */
export const previousKeysMax = 128

/** Acts that one `rotate` names as unread: every device has a part of them, so that one that writes nonsense can't fill it. */
export const unreadMax = 64

/** Keys that one `grant` hands on, about 50 bytes each. */
export const grantKeysMax = 512

/** Recipients whose X25519 keys are remembered: making one from an Ed25519 key takes 0.1 ms. */
export const recipientKeysCached = 4_096

/**
 * Control sub-keys of one epoch key that are kept to be tried: nothing commits to them, so a liar can hand on wrong ones.
 * The oldest makes room until one has opened something; from then on it alone is kept.
 */
export const controlCandidatesMax = 16

/** Lists of earlier keys that are kept for one key while only its control sub-key is here. */
export const chainListsMax = 16

/** Invitations whose secrets a keyring tries lockboxes with. */
export const inviteSecretsMax = 8

/** Entries whose lockboxes were found not to be for this device, remembered so that nobody looks twice (0.2 ms each). */
export const entriesMetMax = 16_384

/** UTF-8 bytes of the community's name in an invitation link: a hint, so that people see what they are asked into. */
export const linkNameBytesMax = 64

/**
 * What a role may write, for each device: entries of up to 4 KiB a minute in the long run, so many at once, and the part of a
 * log's room that all devices of one person may take up (log/pace-core.ts). Each burst is more than ten minutes' worth, by which
 * two honest clocks may differ. Guests write where they are let, and note for themselves what they have read.
 */
export const guestAllowance = { perMinute: 6, burst: 300, share: 1 / 64 }

/** Who may post: a person types 10 entries a minute at most, and 43,000 in a day are none's; a program gets along, too. */
export const memberAllowance = { perMinute: 30, burst: 3_000, share: 1 / 8 }

/** Who may do more than post and invite: bridges and imports run under such roles. */
export const adminAllowance = { perMinute: 120, burst: 12_000, share: 1 / 4 }

/** Owners found communities by importing others; somebody else who owns it has to be able to stop a stolen device of one. */
export const ownerAllowance = { perMinute: 600, burst: 120_000, share: 1 / 2 }

/**
 * Devices that nobody let in, as far as is known here, all together in their share: they may be members' whose admission
 * comes with the next entries, so they write as members do.
 */
export const strangersAllowance = { perMinute: 30, burst: 3_000, share: 1 / 16 }

/** After a start: how long the first entry waits for a peer that is being reached to say how far our own chain goes … */
export const ownEntriesHeardMs = 2_000

/** … how long for what of it we lack, which a peer may only pretend to have … */
export const ownEntriesTakenMs = 15_000

/** … and how often it looks. */
export const ownEntriesLookMs = 50

/** Communities on one computer: each is a topic, a few sessions and a view in the database. */
export const communitiesMax = 256

/** Entries that are opened and given to the apps in one go: some 20 ms, then others have a turn. */
export const entriesPerTurnMax = 256

/** Pages of `entriesPerTurnMax` entries that are given in a row here; what is left then a thread reads, which takes 0.2 s to start. */
export const turnsHereMax = 8

/** Entries that the reading thread reads and gives in one go: some 10 ms, then it looks whether somebody else wants to write. */
export const readingSliceMax = 256

/**
 * Slices that it writes in one transaction, unless somebody does: 32,768 entries. Each message touches one of the thousands of
 * pages of an index over ids, so 8,192 entries write nearly all of them anew: a seventh of the whole time.
 */
export const readingSlicesMax = 128

/**
 * Slices after which apps do what they put off, 8,192 entries: the search index is written in the order of messages, and each
 * part of it that comes after an earlier one is written and joined by itself. Whoever waits for the end of the transaction waits
 * for that: 25 ms in the middle, 50 at most.
 */
export const readingSlicesPutOffMax = 32

/** Bytes of entries that are looked at in one go for being judged otherwise: some 250, as {@link entriesPerTurnMax}. */
export const rejudgedPageBytes = 128 * 1024

/** Entries that apps are told of as news at once; who missed more reads the view. */
export const entriesToldMax = 256

/** An invitation ends after so many days unless it is said otherwise: long enough for a holiday, short enough to be forgotten. */
export const inviteDaysDefault = 30

/** Bytes that a keeper gives a community unless it is said otherwise: some two million messages. */
export const keptBytesDefault = 2 ** 30

/** Entries read at once where all of a log are gone through: some 10 ms with their signatures. */
export const auditPageMax = 128

/** Problems that a check of a log names; the rest is only counted. */
export const problemsListedMax = 100

/** Words that a log's root is told by: 66 bits, so that nobody finds another log with the same ones. */
export const rootWords = 6

/** After a member or device came, how long to wait (at random) before handing owed keys on: one of many does it, not all. */
export const grantDelayMinMs = 200

/** The longest of these waits. */
export const grantDelayMaxMs = 3_000

/**
 * How often something is written anew because others' keys or acts arrived meanwhile. Each time some have: while a long log is
 * taken, with every chunk of it.
 */
export const writeAttemptsMax = 1_000

/** Peers that whoever is let in is told to start from: the member's own computer, and keepers that are always on. */
export const ticketPeersMax = 4

/** What a member hands to whoever is let in: 4 peers with 8 addresses of 320 characters; meet/'s answers have 16 KiB. */
export const ticketBytesMax = 12 * 1024

/** From when a new device was given the phrase until it has to have shown its certificate: as long as a code is good. */
export const deviceExpectedMs = 10 * 60_000

/** Devices that are expected at once: as many as there are codes. */
export const devicesExpectedMax = 8

/** Streams of one peer on which it may introduce itself as a new device: one, and one that is ending. */
export const deviceStreamsPerPeerMax = 2

/** What a new device says of itself: a certificate of 239 bytes, a name of 64 characters. */
export const helloBytesMax = 1024

/** What it is told in return: 256 communities (`communitiesMax`), with two names of 64 characters and 64 bytes of ids. */
export const welcomeBytesMax = 128 * 1024

/** From each side to the other: writing the acts of 256 communities takes a minute on a slow disk. */
export const deviceTimeoutMs = 120_000

/** How often a new device, which is this person's already, tries to introduce itself. */
export const deviceTriesMax = 6

/** The pause before it tries again; doubled each time, a minute in all. */
export const deviceRetryMs = 1_000

/** Requests to be let in that wait for one community's approvers: a page to look through. */
export const requestsPerCommunityMax = 64

/** Requests that wait on this computer, over all communities. */
export const requestsMax = 512

/** Askers that are refused without a word from then on; the one blocked first is forgotten for one too many. */
export const blockedMax = 1_024

/** A request that its asker has not repeated for so long is forgotten: they repeat it every few minutes while they can. */
export const requestForgottenMs = 30 * 86_400_000

/** Communities that this computer asks to be let into. */
export const asksMax = 32

/** Who was not answered for so long stops asking. */
export const askEndsMs = 30 * 86_400_000

/** First pause before asking again where nobody was reached; doubled up to `askDelayMsMax`. */
export const askDelayMsMin = 5_000

/** Longest pause between two asks: who approves is thanked within minutes, and a thousand askers cost little. */
export const askDelayMsMax = 10 * 60_000

/** Members who may approve that a request link names besides this computer: a link has room for four peers. */
export const requestLinkPeersMax = 3
