// Every bound of the daemon itself: what it waits for, what it keeps, what it lets grow.

/** How long an orderly stop may take in all before the process ends anyway, in ms. People wait for it at a terminal. */
export const stopMsMax = 1_900

/** `peerhood.log` is turned over to `peerhood.log.1` at this size, so the log never takes more than twice that. In bytes. */
export const logFileBytesMax = 5 * 1024 * 1024

/** Notices shown in status and doctor; the oldest makes room. They come from this computer, but a bad disk can make many. */
export const noticesMax = 32

/** The wall clock may drift from the monotonic one by this much between two looks before it counts as a jump. In ms. */
export const clockJumpMsMin = 5_000

/** How often the clocks are compared, in ms. */
export const clockLookEveryMs = 30_000

/** Settings are written by people: far more than 64 addresses of 1 KiB each. In bytes. */
export const settingsFileBytesMax = 256 * 1024

/** Port of the API and the page when none is asked for, so that their address stays the same; any other when it is taken. */
export const apiPortDefault = 4713

/** Unfinished uploads of the page at one time; each holds a folder under `dropped/`. */
export const uploadsMax = 16

/**
 * An upload for which no byte and no request came for this long is dropped with its files, in ms: longer than a page
 * takes between two files, and short enough that pages that were closed don't keep the places of others for long.
 */
export const uploadQuietMs = 10 * 60_000

/** Files in one upload: what a person drops at once; more is a `peerhood share PATH`. */
export const uploadFilesMax = 10_000

/** Folders within folders in an upload. */
export const uploadDepthMax = 64

/** Free bytes below which the doctor warns: less, and the database itself may fail to grow. */
export const diskFreeBytesMin = 512 * 1024 * 1024

/** inotify watches below which the doctor warns: a share takes one a folder. */
export const watchesMin = 8_192

/** How often a status event goes out while figures change, in ms. */
export const statusEveryMs = 2_000

/** Figures of a peer (latency, bytes) go out at most this often for each peer, in ms. */
export const peerEventEveryMs = 1_000

/** Latest problems that nobody caught, kept for the doctor. */
export const strayErrorsMax = 16

/** The same for a share while it is scanned or fetched; changes of its state go out at once. */
export const shareEventEveryMs = 250

/** How often totals of traffic go to the database while they grow, in ms: each write is a flush of the disk. */
export const totalsSaveEveryMs = 60_000

/** Quiet time, in ms, after which a daemon gives memory back: longer than the pauses between two files of one person. */
export const restAfterMs = 20_000

/** Between two looks whether it is quiet, and at what is held meanwhile, in ms. */
export const restLookMs = 1_000

/** Time between two such collections, in ms: peers that come and go must not cost a tenth of a second each. */
export const restEveryMs = 300_000

/**
 * Bytes of the heap and of buffers past which a collection is forced: a daemon needs 50 MB of them, and with what else it has
 * it then stays below 280 MB, also where V8 gets no core for its own.
 */
export const heldBytesMin = 104_857_600

/** After such a collection the next comes at so many times what was left: what is needed is not looked for again and again. */
export const heldGrowth = 1.5

/** Between two looks at that while something moves, in ms. */
export const heldLookMs = 200

/**
 * Bytes of a page of the views. Reading a long log changes nearly every page of the indices over ids in each transaction,
 * however large they are, and four times as many cost a twentieth of it all.
 */
export const viewsPageBytes = 16_384

/** Pages of the views' journal after which it is folded in: 4 MB. */
export const walPagesMax = 256

/** Entries after which it is folded in while a thread reads a long log: some 50 MB; a page that many change is written once. */
export const readingCheckpointEntries = 32_768

/** How long the main thread keeps the views to itself after a write, in ms: a start writes once for each community, and more. */
export const viewsHeldMs = 20

/** The same when it writes again and again: then the thread that reads gets its turn, in ms. */
export const viewsHeldMsMax = 200

/** Memory for pages of the views in the reading thread, in KB: the indices over ids of a million messages are 25 MB. */
export const readingCacheKb = 65_536

/** Memory for new objects in a thread that works much, in MB; V8 has two such halves. What lasts for a page or a block need not be copied. */
export const threadNurseryMb = 16

/** A community's figures go out at most this often for each, in ms. */
export const communityEventEveryMs = 250

/** Code points of a notification's title: a name and where, on one line. */
export const notificationTitleCharsMax = 80

/** Code points of its text: what desktops show before they cut it. */
export const notificationBodyCharsMax = 200

/** Notifications of the desktop a minute on average: more can't be read … */
export const notificationsPerMinute = 6

/** … and at once; the rest is told as a number. */
export const notificationsBurst = 3

/** Messages that wait to be shown; what comes beyond that in one moment is not shown, the page has it all the same. */
export const notificationsWaitingMax = 64

/** So long a message may be read on another computer before it is shown, in ms. */
export const notifySettleMs = 1_500

/** What came too fast is gathered for so long before it is told as a number, in ms. */
export const notifySummaryMs = 15_000

/** `notify-send` hands over to the desktop in some ms; one that hangs is ended after this, in ms. */
export const notifyTimeoutMs = 10_000

/** A ledger's events: pages read its figures anew, several blocks a second would be too often. */
export const ledgerEventEveryMs = 500
