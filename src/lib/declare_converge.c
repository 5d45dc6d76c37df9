/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Round by round to what is wished: compare, do, and compare again, since one thing takes others along (an address its routes) and the kernel makes
 * some by itself. What it makes by itself is left to it at first. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "lib/declare.h"

#define ROUNDS_MAXIMUM 12
#define PAUSE          UINT64_C(20000000) /* ns between two looks */
/* Looks without a write until what the kernel should have made by itself is asked for; half of the time that it has, where that is less: on a machine
 * with much to do a look is slow. */
#define WAITS_FOR_KERNEL 50

struct rounds {
	struct converge *converge;
	unsigned int number;  /* of this round */
	unsigned int waits;   /* rounds without a write, one after the other */
	uint64_t written;     /* fingerprint of what was written last */
	uint64_t middle, end; /* boottime */
	bool postponed;       /* something was left to the kernel in this round */
	struct error refusal; /* of the last round that wrote */
};

static void pause_shortly(void)
{
	const struct timespec length = { .tv_nsec = (long)PAUSE };

	nanosleep(&length, NULL);
}

static uint64_t fingerprint_of(const struct plan *plan)
{
	uint64_t sum = plan->count;

	for (size_t i = 0; i < plan->count; i++)
		sum = sum * 31 + table_hash(plan->steps[i].address, strlen(plan->steps[i].address)) + plan->steps[i].act;
	return sum;
}

/* A local route of IPv6 comes when duplicate detection is over, and with a metric that no request can ask for. */
static bool comes_by_itself(const struct step *step)
{
	return step->origin == OBJECT_FOLLOWS && step->act == STEP_MAKE && strstr(step->whole, "\"inet6\"") &&
	       strstr(step->whole, "\"table\":\"local\"");
}

static bool is_for_now(const struct step *step, unsigned int round, bool leave_to_kernel)
{
	if (step->action && round > 0) /* done once */
		return false;
	return !(leave_to_kernel && step->origin == OBJECT_FOLLOWS) && !comes_by_itself(step);
}

/* Leaves in PLAN what is to be done in this round. */
static void sift(struct rounds *rounds, struct plan *plan)
{
	bool leave = rounds->waits < WAITS_FOR_KERNEL && time_boot() < rounds->middle;
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (is_for_now(&plan->steps[i], rounds->number, leave))
			plan->steps[kept++] = plan->steps[i];
	rounds->postponed = kept < plan->count;
	plan->count = kept;
}

/* A link that cannot be made counts, so that it is refused; a port that its link's master makes does not. */
static size_t writes_of(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += !plan->steps[i].pending || (plan->steps[i].channel->object && strcmp(plan->steps[i].channel->object->name, "link") == 0);
	return count;
}

/* What was done, or what was REFUSED. */
static int tell(struct converge *converge, const struct plan *plan, bool refusals)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		struct ferry_change change = step_change(plan, step, converge->source, &room);

		if (step->stood || !(refusals ? step->error && !(step->wish && step->wish->lenient) : step->done))
			continue;
		converge->done += step->done;
		converge->refused += refusals;
		if (converge->function && !(converge->flags & CONVERGE_QUIET)) {
			change.boottime = time_boot();
			change.time = time_real();
			r = converge->function(converge->data, &change);
		}
	}
	return r;
}

static int refuse(struct converge *converge, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (!step->error || (step->wish && step->wish->lenient))
			continue;
		converge->ferry->error = *step->error;
		/* A file's words name it already. */
		return strncmp(step->error->text, step->address, strlen(step->address)) == 0
			       ? step->error->code
			       : error_wrap(&converge->ferry->error, "%s", step->address);
	}
	return 0;
}

static size_t done_of(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->steps[i].done;
	return count;
}

/* 1: one more round, 0: it is over. What is refused may stand on what the next round does, as long as something is done at all. */
static int write_round(struct rounds *rounds, struct plan *plan)
{
	struct converge *converge = rounds->converge;
	int r = converge->before ? converge->before(converge->data, plan) : 0, told, refused;

	if (r < 0)
		return r;
	refused = plan_write(plan, converge->flags);
	told = refused < 0 ? 0 : tell(converge, plan, false);
	if (refused < 0 || told != 0)
		return refused < 0 ? refused : told;
	rounds->refusal = (struct error){ 0 };
	if (!refused)
		return 1;
	if (refuse(converge, plan) < 0)
		rounds->refusal = converge->ferry->error;
	if (done_of(plan) && rounds->number < ROUNDS_MAXIMUM)
		return 1;
	/* It may stand on what was left to the kernel. */
	if (rounds->postponed && rounds->waits < WAITS_FOR_KERNEL) {
		rounds->waits = WAITS_FOR_KERNEL;
		return 1;
	}
	told = tell(converge, plan, true);
	return told != 0 ? told : 0;
}

/* 1: one more round, 0: it is over. */
static int next_round(struct rounds *rounds, struct plan *plan)
{
	struct converge *converge = rounds->converge;
	uint64_t fingerprint;

	converge->left = plan->count;
	if (!writes_of(plan) || (rounds->number >= ROUNDS_MAXIMUM && time_boot() > rounds->end))
		return 0;
	sift(rounds, plan);
	fingerprint = fingerprint_of(plan);
	/* What was written and does not hold is given time; to write it again would not help. */
	if (!writes_of(plan) || (rounds->number > 0 && fingerprint == rounds->written)) {
		if (time_boot() > rounds->end)
			return 0;
		rounds->waits++;
		pause_shortly();
		return 1;
	}
	rounds->waits = 0;
	rounds->written = fingerprint;
	return write_round(rounds, plan);
}

int converge(struct converge *converge)
{
	uint64_t begin = time_boot();
	struct rounds rounds = { .converge = converge, .middle = begin + converge->settle / 2, .end = begin + converge->settle };
	int r;

	do {
		_cleanup_plan_ struct plan plan = { 0 };

		r = plan_make(converge->ferry, converge->wishes, PLAN_DO, &plan);
		if (r >= 0)
			r = next_round(&rounds, &plan);
		rounds.number++;
	} while (r > 0);
	if (r == 0 && rounds.refusal.code && !(converge->flags & CONVERGE_ON)) {
		converge->ferry->error = rounds.refusal;
		return rounds.refusal.code;
	}
	converge->unsettled = r == 0 && converge->left > 0;
	return r;
}
