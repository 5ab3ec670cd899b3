// Settings of one community: what it is called and who reads the past, oneself in it, and the way out.

import { useState } from 'react'
import type { Community, CommunityPatch } from '../../../../src/sdk/types.ts'
import { bytesText, shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { Switch, TextField } from '../../ui/field.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { HistoryChoice } from '../communities/found-dialog.tsx'
import { useCommunity } from '../community/context.tsx'
import { capabilitiesText, communityName, may, roleText } from '../community/core.ts'
import { ForgetButton } from '../community/forget.tsx'
import { isDirect } from '../direct/core.ts'
import { OtherCard } from '../direct/other-card.tsx'
import { KeepersCard } from '../members/keepers-card.tsx'
import { ExportPart } from './export.tsx'

export function SettingsTab() {
  const { community } = useCommunity()
  return (
    <div className="stack community-page">
      {community.phase === 'open' && <SelfCard community={community} />}
      {isDirect(community) ? (
        <>
          <OtherCard community={community} />
          <KeepersCard />
        </>
      ) : (
        <CommunityCard
          key={JSON.stringify([community.name, community.description, community.history])}
          community={community}
        />
      )}
      <FactsCard community={community} />
      <LeaveCard community={community} />
    </div>
  )
}

function SelfCard({ community }: { community: Community }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say } = useShell()
  const saved = community.self?.name ?? ''
  const [name, setName] = useState(saved)
  const action = useAction()
  const change = (patch: { memberName?: string; presence?: boolean }) =>
    void action.run(async () => {
      learn({ type: 'community', community: await peerhood.communities.changeSelf(community.id, patch) })
      say('Saved')
    })
  const isChanged = name.trim() !== saved && name.trim() !== ''
  return (
    <Card title="You in it">
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged && !action.busy) change({ memberName: name.trim() })
        }}
      >
        <TextField label="Your name in it" value={name} onChange={setName} charsMax={64} autoComplete="name" />
        <Button type="submit" look={isChanged ? 'primary' : 'plain'} busy={action.busy} disabled={!isChanged}>
          Save
        </Button>
      </form>
      <div className="form">
        {!isDirect(community) && (
          <p className="soft">
            Your role is {roleText(community.self?.role ?? '')}: {capabilitiesText(community.capabilities)}.
          </p>
        )}
        <Switch
          label="Others see that I am online and typing"
          hint="It is told to those in reach only, and kept nowhere."
          checked={community.presence}
          onChange={(presence) => change({ presence })}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      </div>
    </Card>
  )
}

function CommunityCard({ community }: { community: Community }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say } = useShell()
  const saved = { name: community.name ?? '', description: community.description, history: community.history ?? 'all' }
  const [texts, setTexts] = useState(saved)
  const action = useAction()
  const patch = patchOf(saved, texts)
  const isChanged = patch !== undefined && texts.name.trim() !== ''
  if (!may(community, 'settings')) return <AboutCard community={community} />
  const save = () =>
    action.run(async () => {
      if (patch === undefined) return
      learn({ type: 'community', community: await peerhood.communities.change(community.id, patch) })
      say('Saved, for all members')
    })
  return (
    <Card title="This community">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged && !action.busy) void save()
        }}
      >
        <TextField label="Name" charsMax={100} value={texts.name} onChange={(name) => setTexts({ ...texts, name })} />
        <TextField
          label="What it is for"
          rows={3}
          charsMax={2000}
          value={texts.description}
          onChange={(description) => setTexts({ ...texts, description })}
        />
        <HistoryChoice value={texts.history} onChange={(history) => setTexts({ ...texts, history })} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions">
          <Button type="submit" look={isChanged ? 'primary' : 'plain'} busy={action.busy} disabled={!isChanged}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  )
}

interface Texts {
  readonly name: string
  readonly description: string
  readonly history: 'all' | 'since-joining'
}

/** Only what was changed; undefined when nothing was. */
function patchOf(saved: Texts, texts: Texts): CommunityPatch | undefined {
  const patch: CommunityPatch = {
    ...(texts.name.trim() === saved.name ? {} : { name: texts.name.trim() }),
    ...(texts.description.trim() === saved.description ? {} : { description: texts.description.trim() }),
    ...(texts.history === saved.history ? {} : { history: texts.history }),
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

function AboutCard({ community }: { community: Community }) {
  return (
    <Card title="This community">
      <p dir="auto">{community.description === '' ? 'Nobody has said what it is for.' : community.description}</p>
      <p className="soft">
        {community.history === 'since-joining'
          ? 'Newcomers read only what is written after they came.'
          : 'Newcomers can read everything that was written before.'}
      </p>
    </Card>
  )
}

function FactsCard({ community }: { community: Community }) {
  return (
    <Card title="Its log here">
      <dl className="pairs">
        <CopyPair name="Id" text={community.id} what="community id" shown={shortText(community.id, 16, 8)} />
        <Pair name="Entries">
          <span className="figures">
            {community.entries.toLocaleString('en')}, {bytesText(community.bytes)}
          </span>
        </Pair>
        {community.voided > 0 && (
          <Pair name="Do not count">
            <span className="figures">{community.voided.toLocaleString('en')}; Activity says why</span>
          </Pair>
        )}
        {community.epoch !== null && (
          <Pair name="Key">
            <span className="figures">number {community.epoch + 1}; every removal makes a new one</span>
          </Pair>
        )}
      </dl>
      <ExportPart community={community} />
    </Card>
  )
}

function LeaveCard({ community }: { community: Community }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say, warn } = useShell()
  const { members } = useCommunity()
  const [asking, setAsking] = useState(false)
  const name = communityName(community)
  const owners = [...members.values()].filter(({ role, state }) => role === 'owner' && state === 'active')
  const isOnlyOwner = community.phase === 'open' && owners.length === 1 && owners[0]?.self === true && members.size > 1
  const leave = async () => {
    try {
      learn({ type: 'community', community: await peerhood.communities.leave(community.id) })
      say(`You left ${name}`)
    } catch (error) {
      warn(toFailure(error))
    }
  }
  return (
    <Card title="The way out">
      {isOnlyOwner && (
        <div className="leave-note">
          <Note tone="warn" title="You are the only owner">
            <p>Make somebody else an owner before you leave: what only owners may do, nobody could do any more.</p>
          </Note>
        </div>
      )}
      <div className="actions">
        {community.phase === 'open' && (
          <Button icon="leave" onClick={() => setAsking(true)}>
            Leave
          </Button>
        )}
        <ForgetButton community={community} />
      </div>
      {asking && (
        <Confirm title={`Leave ${name}?`} verb="Leave" onConfirm={() => void leave()} onClose={() => setAsking(false)}>
          <p>
            You leave with all your devices. What you wrote stays with the others; what was written so far you can still
            read here. To come back you need a new invite.
          </p>
        </Confirm>
      )}
    </Card>
  )
}
