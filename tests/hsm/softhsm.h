/* SPDX-License-Identifier: MIT */
/* The real module behind those of the tests. */
#pragma once

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

/* Its functions; false if it is not there. It stays loaded. */
static inline bool softhsm_load(CK_FUNCTION_LIST **out)
{
	void *const module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *const symbol = module == NULL ? NULL : dlsym(module, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	return get != NULL && get(out) == CKR_OK;
}
