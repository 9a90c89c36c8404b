# JSON as Go's decoder takes it: the first value of the input, members in the
# order given (duplicates kept), numbers as written, bytes in and bytes out.
package Demo::Json;

use strict;
use warnings;
no warnings 'recursion';
use Exporter 'import';

our @EXPORT_OK = qw(json_parse json_encode json_string json_pretty json_hash);

# An object is a Demo::Json::Object holding [key, value, key, value, ...], a
# list a plain array reference, a number a Demo::Json::Number holding its
# text; true, false and null are these three; a string is a plain scalar.
our $TRUE  = bless \(my $t = 'true'),  'Demo::Json::Literal';
our $FALSE = bless \(my $f = 'false'), 'Demo::Json::Literal';
our $NULL  = bless \(my $n = 'null'),  'Demo::Json::Literal';

my %ESCAPE = (
    '"' => '"', '\\' => '\\', '/' => '/', b => "\b", f => "\f", n => "\n",
    r => "\r", t => "\t",
);


# json_parse($bytes): (value, undef) or (undef, error text).  Bytes after the
# first value are not looked at.
sub json_parse {
    my ($text) = @_;

    pos($text) = 0;
    $text =~ /\G[ \t\r\n]*+/gc;
    return (undef, 'EOF') if pos($text) == length $text;

    my $value = eval { _value(\$text) };
    return ($value, undef) if defined $value;

    my $error = $@;
    $error =~ s/\n\z//;
    return (undef, $error);
}


sub _value {
    my ($in) = @_;

    $$in =~ /\G[ \t\r\n]*+/gc;

    if ($$in =~ /\G"/gc) {
        return _string($in);
    }
    if ($$in =~ /\G\{/gc) {
        return _object($in);
    }
    if ($$in =~ /\G\[/gc) {
        return _array($in);
    }
    if ($$in =~ /\G(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)/gc)
    {
        my $number = $1;
        return bless \$number, 'Demo::Json::Number';
    }
    return $TRUE  if $$in =~ /\Gtrue/gc;
    return $FALSE if $$in =~ /\Gfalse/gc;
    return $NULL  if $$in =~ /\Gnull/gc;

    _fail($in, 'looking for beginning of value');
}


sub _object {
    my ($in) = @_;
    my @pairs;

    $$in =~ /\G[ \t\r\n]*+/gc;
    return bless \@pairs, 'Demo::Json::Object' if $$in =~ /\G\}/gc;

    while (1) {
        $$in =~ /\G[ \t\r\n]*+"/gc
            or _fail($in, 'looking for beginning of object key string');
        push @pairs, _string($in);
        $$in =~ /\G[ \t\r\n]*+:/gc or _fail($in, 'after object key');
        push @pairs, _value($in);
        next if $$in =~ /\G[ \t\r\n]*+,/gc;
        last if $$in =~ /\G[ \t\r\n]*+\}/gc;
        _fail($in, 'after object key:value pair');
    }

    return bless \@pairs, 'Demo::Json::Object';
}


sub _array {
    my ($in) = @_;
    my @items;

    $$in =~ /\G[ \t\r\n]*+/gc;
    return \@items if $$in =~ /\G\]/gc;

    while (1) {
        push @items, _value($in);
        next if $$in =~ /\G[ \t\r\n]*+,/gc;
        last if $$in =~ /\G[ \t\r\n]*+\]/gc;
        _fail($in, 'after array element');
    }

    return \@items;
}


sub _string {
    my ($in) = @_;

    return $1 if $$in =~ /\G([^"\\\x00-\x1f\x80-\xff]*+)"/gc;

    my $out = '';
    while (1) {
        $out .= $1 if $$in =~ /\G([^"\\\x00-\x1f]++)/gc;
        last if $$in =~ /\G"/gc;

        if ($$in =~ /\G\\(["\\\/bfnrt])/gc) {
            $out .= $ESCAPE{$1};
        }
        elsif ($$in =~ /\G\\u([0-9a-fA-F]{4})/gc) {
            $out .= _unicode($in, hex $1);
        }
        elsif ($$in =~ /\G\\./gcs) {
            pos($$in)--;
            _fail($in, 'in string escape code');
        }
        else {
            _fail($in, 'in string literal');
        }
    }

    my $copy = $out;
    if (!utf8::decode($copy)) {
        # as Go: every bad byte becomes U+FFFD
        $out =~ s/((?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]
                  |\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}
                  |\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf4][\x80-\xbf]{3})++)
                  |./defined $1 ? $1 : "\xef\xbf\xbd"/gsex;
    }

    return $out;
}


sub _unicode {
    my ($in, $code) = @_;

    if ($code >= 0xd800 && $code < 0xdc00
        && $$in =~ /\G\\u([dD][c-fC-F][0-9a-fA-F]{2})/gc)
    {
        $code = 0x10000 + (($code - 0xd800) << 10) + (hex($1) - 0xdc00);
    }
    elsif ($code >= 0xd800 && $code < 0xe000) {
        $code = 0xfffd;
    }

    my $char = chr $code;
    utf8::encode($char);
    return $char;
}


sub _fail {
    my ($in, $where) = @_;

    $$in =~ /\G[ \t\r\n]*+/gc if $where !~ /string (?:literal|escape)/;
    my $rest = substr $$in, pos($$in) // 0, 1;
    die "unexpected EOF\n" if $rest eq '' || $rest eq '\\';
    $rest = $rest eq "'" ? "\\'" : $rest =~ /[ -~]/ ? $rest
          : sprintf '\\x%02x', ord $rest;
    die "invalid character '$rest' $where\n";
}


# json_string($bytes): as Go writes it, with <, > and & escaped.
sub json_string {
    my ($text) = @_;

    $text =~ s/(["\\])/\\$1/g;
    if ($text =~ /[\x00-\x1f<>&\xe2]/) {
        $text =~ s/\n/\\n/g;
        $text =~ s/\r/\\r/g;
        $text =~ s/\t/\\t/g;
        $text =~ s/([\x00-\x1f<>&])/sprintf '\\u%04x', ord $1/ge;
        $text =~ s/\xe2\x80([\xa8\xa9])/sprintf '\\u20%02x', ord($1) - 0x80/ge;
    }

    return qq{"$text"};
}


# json_encode($parsed): compact text of what json_parse returned; plain hash
# references are taken as well (members sorted), undef as null.
sub json_encode {
    my ($value) = @_;

    return 'null' if !defined $value;
    my $kind = ref $value;
    return json_string($value) if $kind eq '';
    return $$value if $kind =~ /\ADemo::Json::(?:Number|Literal)\z/;
    return '[' . join(',', map { json_encode($_) } @$value) . ']'
        if $kind eq 'ARRAY';

    my @pairs = $kind eq 'HASH'
        ? map { $_ => $value->{$_} } sort keys %$value : @$value;
    my @members;
    while (my ($name, $member) = splice @pairs, 0, 2) {
        push @members, json_string($name) . ':' . json_encode($member);
    }
    return '{' . join(',', @members) . '}';
}


# json_hash($parsed): the same as plain Perl data, for our own control
# messages: objects become hashes, numbers and literals scalars.
sub json_hash {
    my ($value) = @_;

    my $kind = ref $value;
    return $value if $kind eq '';
    return $$value + 0 if $kind eq 'Demo::Json::Number';
    return $$value eq 'null' ? undef : $$value eq 'true' ? 1 : 0
        if $kind eq 'Demo::Json::Literal';
    return [map { json_hash($_) } @$value] if $kind eq 'ARRAY';

    my %hash;
    for (my $i = 0; $i < @$value; $i += 2) {
        $hash{$value->[$i]} = json_hash($value->[$i + 1]);
    }
    return \%hash;
}


# json_pretty($bytes): the same JSON text, indented.
sub json_pretty {
    my ($text) = @_;

    my ($out, $depth) = ('', 0);
    while ($text =~ /\G\s*+("(?:[^"\\]++|\\.)*+"|[\[{]\s*+[\]}]|[\[\]{},:]
                     |[^\s"\[\]{},:]++)/gcx)
    {
        my $token = $1;
        if ($token eq '{' || $token eq '[') {
            $out .= $token . "\n" . ('  ' x ++$depth);
        }
        elsif ($token eq '}' || $token eq ']') {
            $out .= "\n" . ('  ' x --$depth) . $token;
        }
        elsif ($token eq ',') {
            $out .= ",\n" . ('  ' x $depth);
        }
        else {
            $out .= $token eq ':' ? ': ' : $token;
        }
    }

    return $out;
}


1;
