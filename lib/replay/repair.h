/*
 * repair - rows that the target refused, put right before they are sent again (--on-drift repair).
 *
 * A culprit (culprit.h) is noted, and the batch is done again. When the walk comes to that row of that
 * transaction, everything before it is applied first; then a missing row is inserted as the source had it, or
 * rows that are in the way of a unique key are deleted, in the batch's transaction, and recorded in
 * ccr.repairs. The change itself follows as it stands in the log. A row that is refused again after that
 * stops the run.
 */
#ifndef CCR_REPLAY_REPAIR_H
#define CCR_REPLAY_REPAIR_H

#include "replay/culprit.h"
#include "replay/walk.h"

struct repair {
    struct culprit culprit;
    bool done; /* in this walk */
};

/* Takes the culprit over, and says true, where it is one that can be put right, and has not been tried. */
bool repair_note(struct apply *a, struct culprit *culprit);
/* Another walk begins. */
void repair_again(struct apply *a);
void repair_free(struct apply *a);

/*
 * A row event on its way into the batch, of a transaction that may have a note: adds its rows, putting right
 * what was noted.
 */
struct err *repair_add(struct apply *a, const struct change *change) CHECKED;

#endif
