/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To be included before a skeleton: what bpftool writes calls libbpf by its own names, and libbpf is loaded when it is needed. */
#ifndef FERRY_WIRE_SKELETON_H
#define FERRY_WIRE_SKELETON_H

#include "wire/libbpf.h"

#define bpf_object__open_skeleton    libbpf.bpf_object__open_skeleton
#define bpf_object__load_skeleton    libbpf.bpf_object__load_skeleton
#define bpf_object__attach_skeleton  libbpf.bpf_object__attach_skeleton
#define bpf_object__detach_skeleton  libbpf.bpf_object__detach_skeleton
#define bpf_object__destroy_skeleton libbpf.bpf_object__destroy_skeleton

#endif
