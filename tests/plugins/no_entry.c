/* Exports another symbol. */
#include "bad_plugin.h"

FRESHET_PLUGIN_EXPORT int an_entry_of_something_else(void);
int an_entry_of_something_else(void) { return good_table("no_entry").name != NULL; }
