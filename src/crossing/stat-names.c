/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources: <signal.h>, include/linux/interrupt.h of the kernel. */
#include "crossing/stat-names.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "crossing/call.h"

static const char *made(struct arena *arena, const char *format, ...) _printf_(2, 3);
static const char *made(struct arena *arena, const char *format, ...)
{
	char text[64];
	const char *copy;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = arena_copy(arena, text, strlen(text));
	return copy ? copy : "?";
}

const char *stat_region_name(unsigned int region)
{
	static const char *const names[STAT_REGION_COUNT] = { "heap", "anonymous", "file", "stack", "unknown" };

	return region < STAT_REGION_COUNT ? names[region] : "unknown";
}

const char *stat_call_name(struct arena *arena, const struct system_call *call, unsigned int number)
{
	return call ? call->name : made(arena, "call %u", number);
}

const char *stat_error_name(struct arena *arena, unsigned int number)
{
	const char *symbol = strerrorname_np((int)number);

	if (!symbol)
		symbol = kernel_error_name(number);
	return symbol ? symbol : made(arena, "error %u", number);
}

const char *stat_signal_name(struct arena *arena, int number)
{
	const char *name = sigabbrev_np(number);

	return name ? made(arena, "SIG%s", name) : made(arena, "signal %d", number);
}

const char *stat_signal_code(struct arena *arena, int number, int code)
{
	static const struct {
		int number, code;
		const char *name;
	} codes[] = {
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" }, { SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" }, { SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR" },
		{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" }, { SIGBUS, BUS_ADRALN, "BUS_ADRALN" },    { SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
		{ SIGBUS, BUS_OBJERR, "BUS_OBJERR" },    { SIGFPE, FPE_INTDIV, "FPE_INTDIV" },    { SIGFPE, FPE_INTOVF, "FPE_INTOVF" },
		{ SIGFPE, FPE_FLTDIV, "FPE_FLTDIV" },    { SIGFPE, FPE_FLTOVF, "FPE_FLTOVF" },    { SIGFPE, FPE_FLTUND, "FPE_FLTUND" },
		{ SIGFPE, FPE_FLTRES, "FPE_FLTRES" },    { SIGFPE, FPE_FLTINV, "FPE_FLTINV" },    { SIGFPE, FPE_FLTSUB, "FPE_FLTSUB" },
		{ SIGILL, ILL_ILLOPC, "ILL_ILLOPC" },    { SIGILL, ILL_ILLOPN, "ILL_ILLOPN" },    { SIGILL, ILL_PRVOPC, "ILL_PRVOPC" },
		{ SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT" },   { SIGTRAP, TRAP_TRACE, "TRAP_TRACE" },
	};

	if (code == SI_KERNEL)
		return "SI_KERNEL";
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].number == number && codes[i].code == code)
			return codes[i].name;
	return made(arena, "code %d", code);
}

const char *stat_interrupt_name(struct arena *arena, unsigned int kind, unsigned int number, const char *found)
{
	static const char *const vectors[STAT_VECTOR_COUNT] = {
		[STAT_LOCAL_TIMER] = "local timer",     [STAT_RESCHEDULE] = "reschedule",
		[STAT_CALL_FUNCTION] = "call function", [STAT_CALL_FUNCTION_SINGLE] = "call function single",
		[STAT_IRQ_WORK] = "irq work",
	};
	static const char *const softirqs[] = { "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU" };

	if (kind == STAT_VECTOR && number < ARRAY_SIZE(vectors))
		return vectors[number];
	if (kind == STAT_SOFTIRQ && number < ARRAY_SIZE(softirqs))
		return softirqs[number];
	return *found ? made(arena, "%s", found) : made(arena, "interrupt %u", number);
}

const char *stat_operation_name(struct arena *arena, unsigned int number)
{
	const char *name = operation_name(number);

	return name ? name : made(arena, "operation %u", number);
}

const char *stat_site_kind(unsigned int kind)
{
	return kind == STAT_SITE_CALL ? "call" : kind == STAT_SITE_FAULT ? "fault" : "memory";
}

const char *stat_site_name(struct arena *arena, unsigned int kind, unsigned int number)
{
	static const char *const memory[STAT_MEMORY_COUNT] = {
		[STAT_BRK_ASKED] = "brk",
		[STAT_BRK_GIVEN] = "brk given back",
		[STAT_MMAP_ANONYMOUS] = "mmap anonymous",
		[STAT_MMAP_FILE] = "mmap file",
		[STAT_MUNMAP] = "munmap",
		[STAT_DONTNEED] = "madvise given back",
	};

	if (kind == STAT_SITE_CALL) {
		enum call_table table = CALLS_NATIVE;

		if (number & STAT_COMPAT)
			system_call_compat(&table);
		number &= ~STAT_COMPAT;
		return stat_call_name(arena, system_call_find(table, number), number);
	}
	if (kind == STAT_SITE_FAULT)
		return made(arena, "%s %s", stat_region_name(number >> 1), number & 1 ? "major" : "minor");
	return number < STAT_MEMORY_COUNT ? memory[number] : "unknown";
}
