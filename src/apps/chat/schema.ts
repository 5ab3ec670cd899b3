// The tables of chat. Those of the view follow from entries; they lie in a database of their own, which can be deleted, and
// are made again from the log. Their numbers (`n`) are local and appear in nothing that is shown.

/** What is no entry's: kept with what can't be made again. */
export const chatSchemaSteps: readonly string[] = [
  `-- How far this person has read here.
  CREATE TABLE chat_marks (
    community TEXT NOT NULL,
    channel TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (community, channel)
  ) STRICT, WITHOUT ROWID;`,
  // The view lay in the same database once.
  `DROP TABLE IF EXISTS chat_search; DROP VIEW IF EXISTS chat_searchable;
  DROP TABLE IF EXISTS chat_communities; DROP TABLE IF EXISTS chat_channels; DROP TABLE IF EXISTS chat_fields;
  DROP TABLE IF EXISTS chat_steps; DROP TABLE IF EXISTS chat_keys; DROP TABLE IF EXISTS chat_waiting;
  DROP TABLE IF EXISTS chat_messages; DROP TABLE IF EXISTS chat_edits; DROP TABLE IF EXISTS chat_reactions;
  DROP TABLE IF EXISTS chat_mutes; DROP TABLE IF EXISTS chat_reports; DROP TABLE IF EXISTS chat_reads;`,
]

export const chatViewSchemaSteps: readonly string[] = [
  `-- newest: newest.ts.
  CREATE TABLE chat_communities (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    newest INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE chat_channels (
    n INTEGER PRIMARY KEY,
    community INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    guests INTEGER NOT NULL,
    creator TEXT,
    -- Place of its first founding entry.
    ms INTEGER NOT NULL, count INTEGER NOT NULL, entry TEXT NOT NULL,
    -- What foldSteps says (core.ts), as JSON; empty for open and announce channels.
    folded TEXT NOT NULL,
    -- Open to all members, or this person is in it now.
    mine INTEGER NOT NULL,
    UNIQUE (community, id)
  ) STRICT;
  CREATE INDEX chat_channels_mine ON chat_channels (community, creator, ms, count, entry) WHERE mine = 1;

  -- Name, topic and archive of a channel: the last write of each.
  CREATE TABLE chat_fields (
    channel INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (channel, field)
  ) STRICT, WITHOUT ROWID;

  -- Entries that make a channel or hand out a key of it. kept: one of the first of its author, so foldSteps sees it.
  CREATE TABLE chat_steps (
    n INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
    author TEXT NOT NULL,
    founding INTEGER NOT NULL,
    moderate INTEGER NOT NULL,
    key TEXT NOT NULL,
    persons TEXT NOT NULL,
    sealed BLOB NOT NULL,
    covers TEXT,
    kept INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX chat_steps_kept ON chat_steps (channel, ms, count, id) WHERE kept = 1;
  CREATE INDEX chat_steps_authors ON chat_steps (channel, author, ms, count, id);
  CREATE INDEX chat_steps_keys ON chat_steps (channel, key);

  CREATE TABLE chat_keys (
    channel INTEGER NOT NULL,
    id TEXT NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (channel, id)
  ) STRICT, WITHOUT ROWID;

  -- Entries that need something that is not here yet: a message, a channel, a key.
  CREATE TABLE chat_waiting (
    n INTEGER PRIMARY KEY,
    community INTEGER NOT NULL,
    waits_for TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
    arrival INTEGER NOT NULL,
    person TEXT NOT NULL,
    rights INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX chat_waiting_for ON chat_waiting (community, waits_for);

  -- n grows with ms (numberAt, messages.ts), so that the search index finds the newest first.
  CREATE TABLE chat_messages (
    n INTEGER PRIMARY KEY,
    community INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    arrival INTEGER NOT NULL,
    person TEXT NOT NULL,
    text TEXT NOT NULL,
    thread TEXT NOT NULL,
    reply TEXT,
    mentions TEXT NOT NULL,
    files TEXT NOT NULL,
    -- Text and mentions as first written, once an edit counts.
    original TEXT,
    edited_ms INTEGER,
    deleted INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    hide_ms INTEGER, hide_count INTEGER, hide_id TEXT,
    hide_by TEXT, hide_reason TEXT,
    -- Its author could speak there and then: not muted, in the channel.
    shown INTEGER NOT NULL,
    -- Counts as unread until it was read; mentioned: and as a mention.
    countable INTEGER NOT NULL,
    mentioned INTEGER NOT NULL
  ) STRICT;
  -- Answers are counted in rows of their own: in those of the messages each one wrote a page of some old message anew.
  CREATE TABLE chat_threads (message INTEGER PRIMARY KEY, replies INTEGER NOT NULL) STRICT;

  -- Six bytes of an id find it, at a third of the space; the whole id is compared in the row.
  CREATE INDEX chat_messages_id ON chat_messages (substr(id, 1, 12));
  -- Rows of one ms and count are few: their order by id is found in the rows. What is unread is counted in it, too.
  CREATE INDEX chat_pages ON chat_messages (channel, shown, thread, ms, count, countable);
  CREATE INDEX chat_mentioned ON chat_messages (channel, ms, count) WHERE countable = 1 AND mentioned = 1;
  CREATE INDEX chat_mentioned_in_threads ON chat_messages (channel, ms, count)
    WHERE countable = 1 AND mentioned = 1 AND thread <> '';

  -- What was done to a message, and what answers it (child: that message), by arrival in the log: when one of these counts
  -- no longer, the message is made anew from the others (retract.ts).
  CREATE TABLE chat_refs (
    message INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    child INTEGER,
    PRIMARY KEY (message, arrival)
  ) STRICT, WITHOUT ROWID;
  -- The same for channels (what makes and names them, their steps, marks of the own one), and, under channel 0, for what
  -- hangs from none: mutes and reports.
  CREATE TABLE chat_acts (
    community INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    PRIMARY KEY (community, channel, arrival)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chat_edits (
    message INTEGER NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    text TEXT NOT NULL,
    mentions TEXT NOT NULL,
    PRIMARY KEY (message, ms, count, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chat_edits_time ON chat_edits (ms);

  CREATE TABLE chat_reactions (
    message INTEGER NOT NULL,
    person TEXT NOT NULL,
    emoji TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    PRIMARY KEY (message, person, emoji)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chat_mutes (
    community INTEGER NOT NULL,
    person TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    until_ms INTEGER,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (community, person, ms, count, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chat_reports (
    community INTEGER NOT NULL,
    message TEXT NOT NULL,
    person TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (community, person, message)
  ) STRICT, WITHOUT ROWID;

  -- How far this person has read, by entries of their devices.
  CREATE TABLE chat_reads (
    community INTEGER NOT NULL,
    channel TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (community, channel)
  ) STRICT, WITHOUT ROWID;

  CREATE VIEW chat_searchable AS
    SELECT n, text, 'k' || community || ' c' || channel AS tags FROM chat_messages;
  -- Beginnings of two letters have an index of their own: else they would join the hits of thousands of words.
  -- columnsize 0: lengths are for ranking by relevance; what is found here is ranked by time.
  CREATE VIRTUAL TABLE chat_search USING fts5(
    text, tags, content = 'chat_searchable', content_rowid = 'n', tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2', columnsize = 0
  );
  -- What one transaction adds is gathered in memory (4 MB of it) and written once.
  INSERT INTO chat_search (chat_search, rank) VALUES ('hashsize', 4194304);
  -- Sixteen parts of one size would be joined at once, which takes seconds of a large index; fewer are joined bit by bit.
  INSERT INTO chat_search (chat_search, rank) VALUES ('crisismerge', 256);`,
]
