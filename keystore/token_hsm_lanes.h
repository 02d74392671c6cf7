/* SPDX-License-Identifier: MIT */
/*
 * How many signatures one token is asked for at the same time.
 *
 * While a thread verifies what the token has made, its session would stand idle. So more threads sign than the token
 * has sessions in use, and each takes a lane for as long as it asks.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct hsm_lanes {
	unsigned most; /* 0: no limit, and nothing is counted */
	atomic_uint free, waiting;
	atomic_bool brief; /* whether who left last had been there for less time than a thread needs to wake up */
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

void hsm_lanes_init(struct hsm_lanes *lanes);
void hsm_lanes_destroy(struct hsm_lanes *lanes);

/* While none is taken. */
void hsm_lanes_set(struct hsm_lanes *lanes, unsigned most);

/* Returns the moment, for hsm_lanes_leave. */
uint64_t hsm_lanes_enter(struct hsm_lanes *lanes);
void hsm_lanes_leave(struct hsm_lanes *lanes, uint64_t entered);
