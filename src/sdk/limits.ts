// Deadlines and bounds of the SDK: a daemon that hangs, or something else that listens on its port, must not hang or
// fill a program that uses it.

/** A JSON call's deadline. Above the daemon's own (`handlerTimeoutMs`, 60 s), whose answer says more. */
export const callTimeoutMs = 70_000

/**
 * The same for joining a community, and for checking its log or a contract's source: above the daemon's `joinTimeoutMs`,
 * `verifyTimeoutMs` and `verifySourceTimeoutMs`.
 */
export const callSlowTimeoutMs = 610_000

/** An event stream that says nothing for this long is dead: 2.5 × the daemon's heartbeat of 15 s. */
export const eventsSilenceTimeoutMs = 37_500

/** First pause before a reconnect; it doubles up to `reconnectDelayMsMax`. Short: a restart takes about a second. */
export const reconnectDelayMsMin = 250

/** Longest pause between reconnects: a person who starts the daemon again sees the page live within five seconds. */
export const reconnectDelayMsMax = 5_000

/** Tries in a row before `watch`, `ready` and `finished` give up: 0.25 + 0.5 + 1 + 2 + 4 + 5 + 5 s, about 18 s of pauses. */
export const watchAttemptsMax = 8

/** One line of an event stream. A share's event names 100 skipped files of up to 4 KiB each: under 1 MiB. */
export const eventLineCharsMax = 4 * 1024 * 1024

/** One line of an export: an entry of 64 KiB in base64 and its body as JSON, where a byte may take six characters. */
export const exportLineCharsMax = 4 * 1024 * 1024

/** Messages that `follow` remembers, to tell what is new from what has changed: some screens of a channel. */
export const followedMessagesMax = 2000

/** A page of messages that `follow` reads after it has missed events: the most that the API gives. */
export const followPageMessagesMax = 200

/** Pages that `follow` reads back at most after it has missed events: 10,000 messages. */
export const followPagesMax = 50

/** A problem document; larger ones are not ours. */
export const problemBytesMax = 64 * 1024
