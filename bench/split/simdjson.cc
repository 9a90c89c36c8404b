
// simdjson: its structural pass (stage 1) alone, and its lazy walk over the
// elements of an array.

#include <memory>
#include <simdjson.h>

using namespace simdjson;

extern "C" long simdjson_stage1(const unsigned char *data, size_t len);
extern "C" long simdjson_elements(const unsigned char *data, size_t len);
extern "C" const char *simdjson_kernel(void);


extern "C" const char *
simdjson_kernel(void)
{
    static std::string  name = get_active_implementation()->name();

    return name.c_str();
}


// the memory of the index is kept from call to call

extern "C" long
simdjson_stage1(const unsigned char *data, size_t len)
{
    static std::unique_ptr<internal::dom_parser_implementation>  impl;

    if (impl == nullptr
        && get_active_implementation()
               ->create_dom_parser_implementation(len, 1024, impl) != SUCCESS)
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
