
// simdjson: its lazy walk over the elements of an array, and its structural
// pass (stage 1) alone, with simdjson's best kernel for the CPU that this is
// compiled for; FOR is in the functions' names.

#include <memory>
#include <simdjson.h>

using namespace simdjson;

#define STRING_(name)      #name
#define STRING(name)       STRING_(name)
#define JOIN_(name, more)  name##more
#define JOIN(name, more)   JOIN_(name, more)
#define simdjson_elements  JOIN(simdjson_elements_, FOR)
#define simdjson_stage1    JOIN(simdjson_stage1_, FOR)

extern "C" long simdjson_stage1(const unsigned char *data, size_t len);
extern "C" long simdjson_elements(const unsigned char *data, size_t len);


static const implementation *
kernel()
{
    return get_available_implementations()[
               STRING(SIMDJSON_BUILTIN_IMPLEMENTATION)];
}


// the memory of the index is kept from call to call

extern "C" long
simdjson_stage1(const unsigned char *data, size_t len)
{
    static std::unique_ptr<internal::dom_parser_implementation>  impl;

    if (impl == nullptr
        && kernel()->create_dom_parser_implementation(len, 1024, impl)
           != SUCCESS)
    {
        return -1;
    }

    if (impl->capacity() < len && impl->set_capacity(len) != SUCCESS) {
        return -1;
    }

    if (impl->stage1(data, len, stage1_mode::regular) != SUCCESS) {
        return -1;
    }

    return impl->n_structural_indexes;
}


extern "C" long
simdjson_elements(const unsigned char *data, size_t len)
{
    long                     n = 0;
    ondemand::array          array;
    ondemand::document       doc;
    static ondemand::parser  parser;

    padded_string_view  view((const char *) data, len,
                             len + SIMDJSON_PADDING);

    get_active_implementation() = kernel();

    if (parser.iterate(view).get(doc) != SUCCESS
        || doc.get_array().get(array) != SUCCESS)
    {
        return -1;
    }

    for (auto element : array) {
        if (element.error() != SUCCESS) {
            return -1;
        }

        n++;
    }

    return n;
}
