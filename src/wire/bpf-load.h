/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before BPF programs are loaded: what the rights and the kernel allow, and what libbpf says where a load fails. */
#ifndef FERRY_WIRE_BPF_LOAD_H
#define FERRY_WIRE_BPF_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct btf;
struct bpf_object;
struct btf_type;

bool bpf_capable(unsigned int capability);
/* Whether our rights end at a user namespace: those of BPF count in the machine's own alone. */
bool bpf_own_user_namespace(void);
/* What is missing to load BPF programs ("needs CAP_BPF"), NULL where nothing is. */
const char *bpf_missing_capability(void);
/* The same, or what else keeps the kernel's memory from programs whoever loads them ("the kernel's lockdown ..."). */
const char *bpf_hindrance(void);
/* The types of the kernel that runs, to be given back (_cleanup_btf_): NULL, and words in ERROR. Sets -EOPNOTSUPP. */
struct btf *bpf_kernel_types(struct error *error);
/* Whether the kernel whose types BTF holds has a tracepoint that hands over at least so many ARGUMENTS. */
bool bpf_has_tracepoint(const struct btf *btf, const char *name, unsigned int arguments);
/* Whether the argument ARGUMENT, counted from 0, that the tracepoint hands over is a pointer to a struct STRUCTURE. */
bool bpf_tracepoint_takes(const struct btf *btf, const char *name, unsigned int argument, const char *structure);
/* Whether that kernel knows the helper NAME ("BPF_FUNC_find_vma"). */
bool bpf_has_helper(const struct btf *btf, const char *name);
/* Whether programs of TYPE (enum bpf_prog_type) may ask for the registers of the current task, bpf_task_pt_regs(): one that does is tried. */
bool bpf_takes_registers(unsigned int type);
/* Runs of OBJECT's programs that the kernel has left out, as the same program ran on that processor already. */
uint64_t bpf_missed(const struct bpf_object *object);
/* Gives BTF back at the end of its scope. */
void bpf_cleanup_btf(struct btf **btf);
#define _cleanup_btf_ _cleanup_(bpf_cleanup_btf)
/* The prototype of the function NAME, NULL where BTF does not know it. */
const struct btf_type *bpf_prototype(const struct btf *btf, const char *name);

/* Processors that there may be, for each of which maps have room. */
int bpf_processors(struct error *error) _must_check_;

/* From now on, in this thread, libbpf's warnings are kept instead of printed; the first says what failed, those that follow what came of it. */
void bpf_words_catch(void);
/* "" where there was none since the last call of bpf_words_catch(). */
const char *bpf_words(void);
void bpf_words_release(void);

#endif
