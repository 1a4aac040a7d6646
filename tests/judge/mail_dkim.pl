#!/usr/bin/perl
# Mail::DKIM as a peer; the message comes on stdin, CRLF as on the wire.
#   mail_dkim.pl verify PORT               "RESULT DETAIL" of each signature
#   mail_dkim.pl arc PORT                  "RESULT DETAIL" of the chain
#   mail_dkim.pl sign CANON SELECTOR KEY   the signature, for example.org
#   mail_dkim.pl seal SELECTOR KEY ID PORT the set, for example.org over the results of ID
use strict;
use warnings;
use Mail::DKIM::ARC::Signer;
use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::DNS;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Net::DNS;

sub ask_at {
    Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => shift, recurse => 1));
}

sub read_into {
    my $object = shift;
    binmode STDIN;
    local $/ = undef;
    $object->PRINT(scalar <STDIN>);
    $object->CLOSE;
    return $object;
}

my ($verb, @words) = @ARGV;
binmode STDOUT;
if ($verb eq 'verify') {
    ask_at(@words);
    my $verifier = read_into(Mail::DKIM::Verifier->new);
    print $_->result, ' ', $_->result_detail, "\n" for $verifier->signatures;
} elsif ($verb eq 'arc') {
    ask_at(@words);
    my $verifier = read_into(Mail::DKIM::ARC::Verifier->new);
    print $verifier->result, ' ', $verifier->result_detail, "\n";
} elsif ($verb eq 'sign') {
    my ($canon, $selector, $key) = @words;
    my $signer = read_into(Mail::DKIM::Signer->new(
        Algorithm => 'rsa-sha256', Method => $canon, Domain => 'example.org', Selector => $selector, KeyFile => $key));
    print $signer->signature->as_string, "\015\012";
} else {
    my ($selector, $key, $id, $port) = @words;
    ask_at($port);
    my $signer = read_into(Mail::DKIM::ARC::Signer->new(
        Algorithm => 'rsa-sha256', Domain => 'example.org', SrvId => $id, Selector => $selector, KeyFile => $key, Chain => 'ar'));
    (my $set = $signer->as_string) =~ s/\s+\z//;
    print $set, "\015\012";
}
