/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merged sets: members receive what arrives on their carrier. Sets are flat: a
 * carrier is in no other set. chan->members of a carrier lists the others;
 * chan->flow counts the flow's messages on a carrier.
 *
 * At the creator, a member may be "copying": the wire does not carry it (its
 * merge was denied, or the peer asked for its own copy), while what is above
 * still believes so; then each message of the carrier is queued on the member
 * too. A carrier logs what it sent while a merge is not confirmed, so that a
 * denied one loses nothing.
 *
 * At the receiver, chan->group is the host's group of the carrier's set. When
 * the carrier's own channel has ended at this side, its id goes on delivering
 * to the others until the creator destroys it.
 */
#ifndef CHANNELS_MERGE_H
#define CHANNELS_MERGE_H

#include "channels.h"

/* flow.c: both sides */
/* Whether two channels carry the same flow in the same epoch. */
bool	 channels_same_flow(const struct chan *, const struct chan *);
/* The chan is about to be freed. */
void	 channels_merge_forget(struct chan *);
void	 channels_leave_set(struct chan *member);

/* merge-send.c: the creator */
int	 channels_merge(struct chan *member, struct chan *carrier,
	    uint64_t seq);
int	 channels_unmerge(struct chan *member, uint64_t seq);
int	 channels_handover(struct chan *carrier, struct chan *next,
	    uint64_t seq);
struct chan *channels_rider(const struct chan *carrier);
/* Whether some member is merged on the wire too. */
bool	 channels_has_members(const struct chan *carrier);
enum hg_verdict channels_got_merged(struct chan *);
enum hg_verdict channels_got_unmerged(struct chan *);
enum hg_verdict channels_got_beg(struct chan *);

/* copy.c: the creator */
/* A message was queued on a carrier. */
void	 channels_carried(struct chan *carrier, struct hg_frame *look);
void	 channels_copy_begin(struct chan *member);
/* Its merge has its answer, or needs none any more. */
void	 channels_sure(struct chan *member);
enum hg_verdict channels_got_denied(struct chan *, const struct control *);

/* merge-recv.c: the other side */
enum hg_verdict channels_got_merge(struct chan *, const struct control *);
enum hg_verdict channels_got_unmerge(struct chan *, const struct control *);
/* A destroy by the creator, before anything else is done about it. */
enum hg_verdict channels_set_ends(struct chan *, const struct control *);
/* A frame for all that the id delivers to. */
void	 channels_deliver(struct chan *, struct hg_frame *frame);
void	 channels_group_leave(struct chan *);
/* Asks for an own copy for one that is slow. */
void	 channels_beg(struct chan *carrier);

#endif
