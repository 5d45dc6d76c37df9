/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libbpf, loaded when BPF programs are (base/library.h): libbpf.bpf_map__fd() is bpf_map__fd(). Its inline functions are called as they are. */
#ifndef FERRY_WIRE_LIBBPF_H
#define FERRY_WIRE_LIBBPF_H

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/error.h"

struct libbpf {
#define SYMBOL(name) __typeof__(name) *name;
#include "wire/libbpf.def"
#undef SYMBOL
};

extern struct libbpf libbpf;

/* To be called before anything else of it. Errors as of library_load(). */
int libbpf_load(struct error *error) _must_check_;

#endif
